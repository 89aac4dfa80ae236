<?php

/*
 * GET /token.php?client=alice answers with a token for Twilio Client, as JSON:
 *
 *     {"identity":"alice","token":"eyJ...","expires_at":1400003600}
 *
 * It allows calls to alice, and calls from alice to a TwiML application, which is told
 * who calls. Whose account and which application, the environment says:
 *
 *     cd /usr/local/share/php/captoken/examples
 *     export TWILIO_ACCOUNT_SID=AC... TWILIO_AUTH_TOKEN=... TWILIO_APP_SID=AP...
 *     php -d ffi.enable=1 -S localhost:8080 token.php
 *
 * Under php-fpm, captoken.ini lets it call the library, and the pool's file has lines
 * such as `env[TWILIO_ACCOUNT_SID] = AC...`, since pools begin with an empty
 * environment. A copy of this file names the installed autoload.php below.
 */

declare(strict_types=1);

use Captoken\Capability;
use Captoken\CaptokenException;

require __DIR__ . '/../autoload.php';

const TIME_TO_LIVE = 3600;

/** @param array<string, string|int> $body */
function answer(int $status, array $body): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    echo json_encode($body, JSON_THROW_ON_ERROR), "\n";
    exit;
}

if ($_SERVER['REQUEST_METHOD'] !== 'GET') {
    header('Allow: GET');
    answer(405, ['error' => 'only GET is allowed']);
}

// A real application takes the name from its own login, never from the request: whoever
// has a token for a name receives the calls to that name.
$client = $_GET['client'] ?? null;
if (!is_string($client) || preg_match('/\A[A-Za-z0-9_]{1,256}\z/', $client) !== 1) {
    answer(400, ['error' => 'client must be 1 to 256 ASCII letters, digits and underscores']);
}

$credentials = [];
foreach (['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_APP_SID'] as $name) {
    $value = getenv($name);
    if ($value === false || $value === '') {
        error_log("token.php: $name is not set");
        answer(500, ['error' => 'the server is not set up']);
    }
    $credentials[] = $value;
}
[$accountSid, $authToken, $appSid] = $credentials;

// Asked before the token is made, so that it never names a later second than the token.
$expiresAt = time() + TIME_TO_LIVE;
try {
    $capability = new Capability($accountSid, $authToken);
    $capability->allowClientIncoming($client);
    $capability->allowClientOutgoing($appSid, ['client' => $client]);
    $token = $capability->generateToken(TIME_TO_LIVE);
} catch (CaptokenException $e) {
    error_log("token.php: {$e->getMessage()}");
    answer(500, ['error' => 'the server is not set up']);
}

answer(200, ['identity' => $client, 'token' => $token, 'expires_at' => $expiresAt]);
