<?php

// captoken.php FOLDER: measures our class, with a new object for each request and with a kept
// one. `make install-php` has installed it in FOLDER; it is preloaded as in captoken.ini.

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
