<?php

// Our class, installed by `make install-php` in the folder that is the argument, and
// preloaded as captoken.ini has it: what a request does that makes an object, and what a
// process does that keeps one.

declare(strict_types=1);

require __DIR__ . '/worker.php';
require $argv[1] . '/autoload.php';

use Captoken\Capability;

$account = input('BENCH_ACCOUNT');
$secret = input('BENCH_SECRET');
$application = input('BENCH_APPLICATION');
$client = input('BENCH_CLIENT');
$params = [input('BENCH_KEY') => input('BENCH_VALUE')];

$kept = new Capability($account, $secret);
$kept->allowClientIncoming($client);
$kept->allowClientOutgoing($application, $params);

obey([
    's1' => static function () use ($account, $secret, $application, $client, $params): string {
        $capability = new Capability($account, $secret);
        $capability->allowClientIncoming($client);
        $capability->allowClientOutgoing($application, $params);
        return $capability->generateToken();
    },
    's3' => static fn (): string => $kept->generateToken(),
]);
