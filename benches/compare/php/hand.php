<?php

// Measures a token made by hand, as web pages show it: json_encode, hash_hmac and strtr.

declare(strict_types=1);

require __DIR__ . '/worker.php';

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

$account = input('BENCH_ACCOUNT');
$secret = input('BENCH_SECRET');
$application = input('BENCH_APPLICATION');
$client = input('BENCH_CLIENT');
$params = [input('BENCH_KEY') => input('BENCH_VALUE')];
$signingInput = input('BENCH_SIGNING_INPUT');

obey([
    's1' => static function () use ($account, $secret, $application, $client, $params): string {
        $name = rawurlencode($client);
        $payload = [
            'scope' => "scope:client:incoming?clientName=$name"
                . ' scope:client:outgoing?appSid=' . rawurlencode($application)
                . '&appParams=' . rawurlencode(http_build_query($params))
                . "&clientName=$name",
            'iss' => $account,
            'exp' => time() + 3600,
        ];
        $text = base64url(json_encode(['typ' => 'JWT', 'alg' => 'HS256']))
            . '.' . base64url(json_encode($payload));
        return $text . '.' . base64url(hash_hmac('sha256', $text, $secret, true));
    },
    'mac' => static fn (): string => hash_hmac('sha256', $signingInput, $secret),
]);
