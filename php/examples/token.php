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
 *     export TWILIO_ACCOUNT_SID=AC... TWILIO_APP_SID=AP...
 *     export TWILIO_API_KEY_SID=SK... TWILIO_API_KEY_SECRET=...
 *     php -d ffi.enable=1 -S localhost:8080 token.php
 *
 * With the API key, tokens are access tokens. With TWILIO_AUTH_TOKEN in its place they are
 * capability tokens; where both are set, access tokens win. So the environment alone moves
 * an application from one kind to the other, and back.
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

/** Ends the request where its sender can do nothing about it: the reason is for the log. */
function giveUp(string $reason): never
{
    error_log("token.php: $reason");
    answer(500, ['error' => 'the server is not set up']);
}

/** What the environment says; of a variable without a value, nothing. */
function setting(string $name): ?string
{
    $value = getenv($name);
    return $value === false || $value === '' ? null : $value;
}

function required(string $name): string
{
    return setting($name) ?? giveUp("$name is not set");
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

$accountSid = required('TWILIO_ACCOUNT_SID');
$appSid = required('TWILIO_APP_SID');
// Half of an API key is a mistake, and no wish for tokens of the other kind.
$hasApiKey = setting('TWILIO_API_KEY_SID') !== null || setting('TWILIO_API_KEY_SECRET') !== null;

// Asked before the token is made, so that it never names a later second than the token.
$expiresAt = time() + TIME_TO_LIVE;
try {
    $capability = $hasApiKey
        ? Capability::access($accountSid, required('TWILIO_API_KEY_SID'), required('TWILIO_API_KEY_SECRET'))
        : new Capability($accountSid, setting('TWILIO_AUTH_TOKEN') ?? giveUp(
            'TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN, is not set',
        ));
    $capability->allowClientIncoming($client);
    $capability->allowClientOutgoing($appSid, ['client' => $client]);
    $token = $capability->generateToken(TIME_TO_LIVE);
} catch (CaptokenException $e) {
    giveUp($e->getMessage());
}

answer(200, ['identity' => $client, 'token' => $token, 'expires_at' => $expiresAt]);
