<?php

// mint.php NOW TTL CLIENT APPLICATION [KEY VALUE]...
// Prints a capability token or, if TWILIO_API_KEY_SID is set, an access token. A NOW of 0
// means the clock. If EVERYTHING is set, the token also contains everything else, with the
// parameters as filters.

declare(strict_types=1);

// For the tests of locales.
setlocale(LC_ALL, '');

require __DIR__ . '/../../php/autoload.php';

[, $now, $ttl, $client, $application] = $argv;
$params = [];
foreach (array_chunk(array_slice($argv, 5), 2) as [$key, $value]) {
    $params[$key][] = $value;
}

$accountSid = getenv('TWILIO_ACCOUNT_SID');
$apiKeySid = getenv('TWILIO_API_KEY_SID');
$capability = $apiKeySid === false
    ? new Captoken\Capability($accountSid, getenv('TWILIO_AUTH_TOKEN'))
    : Captoken\Capability::access($accountSid, $apiKeySid, getenv('TWILIO_API_KEY_SECRET'));
$capability->allowClientIncoming($client)->allowClientOutgoing($application, $params);
if (getenv('EVERYTHING') !== false) {
    $capability
        ->setClientName('Bob')
        ->setNotBefore(new DateTimeImmutable("@$now"))
        ->addClaim('user', ['id' => 42, 'name' => "é\u{1F600}</>&\""])
        ->addClaim('list', [1, 2.5, -0.0, 1e100, true, null, [], '']);
    if ($apiKeySid === false) {
        $capability->allowEventStream($params);
    } else {
        $capability
            ->setRegion('ie1')
            ->setPushCredential('CR123123')
            ->addGrant('video', ['room' => "é\u{1F600}</>&\""])
            ->addGrant('chat', []);
    }
}
echo $now === '0'
    ? $capability->generateToken((int) $ttl)
    : $capability->generateTokenAt((int) $now, (int) $ttl);
