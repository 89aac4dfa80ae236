<?php

/*
 * Answers GET /token.php?client=alice with a token for Twilio Client, as JSON:
 *
 *     {"identity":"alice","token":"eyJ...","expires_at":1400003600}
 *
 * The token allows calls to alice, and calls from alice to a TwiML application. Twilio passes
 * the caller's name to the application in the parameter `client`. The environment sets the
 * account and the application:
 *
 *     cd /usr/local/share/php/captoken/examples
 *     export TWILIO_ACCOUNT_SID=AC... TWILIO_APP_SID=AP...
 *     export TWILIO_API_KEY_SID=SK... TWILIO_API_KEY_SECRET=...
 *     php -d ffi.enable=1 -S 127.0.0.1:8080 token.php
 *
 * With an API key, tokens are access tokens. With TWILIO_AUTH_TOKEN and no API key, they are
 * capability tokens. If both are set, tokens are access tokens. So the environment alone
 * moves an application from one kind to the other, and back.
 *
 * Under php-fpm, install captoken.ini. Pools start with an empty environment, so add lines
 * such as `env[TWILIO_ACCOUNT_SID] = AC...` to the pool's file. If you copy this file, change
 * the path of autoload.php below.
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

/** Logs the reason and ends the request with an error that hides it. */
function giveUp(string $reason): never
{
    error_log("token.php: $reason");
    answer(500, ['error' => 'the server is not set up']);
}

/** Returns a variable of the environment, or null if it is unset or empty. */
function setting(string $name): ?string
{
    $value = getenv($name);
    return $value === false || $value === '' ? null : $value;
}

if (PHP_SAPI === 'cli') {
    fwrite(STDERR, "This is a web page. Start it: php -d ffi.enable=1 -S 127.0.0.1:8080 token.php\n");
    exit(1);
}

if ($_SERVER['REQUEST_METHOD'] !== 'GET') {
    header('Allow: GET');
    answer(405, ['error' => 'only GET is allowed']);
}

// A real application takes the name from its login, never from the request. The holder of a
// token for a name receives the calls to that name.
$client = $_GET['client'] ?? null;
if (!is_string($client) || preg_match('/\A[A-Za-z0-9_]{1,256}\z/', $client) !== 1) {
    answer(400, ['error' => 'client must be 1 to 256 ASCII letters, digits and underscores']);
}

// Half an API key is a mistake, not a request for capability tokens.
$hasApiKey = setting('TWILIO_API_KEY_SID') !== null || setting('TWILIO_API_KEY_SECRET') !== null;
$required = ['TWILIO_ACCOUNT_SID', 'TWILIO_APP_SID'];
if ($hasApiKey) {
    array_push($required, 'TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET');
}
$missing = array_filter($required, static fn (string $name): bool => setting($name) === null);
if (!$hasApiKey && setting('TWILIO_AUTH_TOKEN') === null) {
    $missing[] = 'TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN';
}
if ($missing !== []) {
    giveUp('missing environment variables: ' . implode(', ', $missing));
}

// Read before the token is made, so that it is never later than the token's expiry.
$expiresAt = time() + TIME_TO_LIVE;
try {
    $accountSid = setting('TWILIO_ACCOUNT_SID');
    $capability = $hasApiKey
        ? Capability::access($accountSid, setting('TWILIO_API_KEY_SID'), setting('TWILIO_API_KEY_SECRET'))
        : new Capability($accountSid, setting('TWILIO_AUTH_TOKEN'));
    $capability->allowClientIncoming($client);
    $capability->allowClientOutgoing(setting('TWILIO_APP_SID'), ['client' => $client]);
    $token = $capability->generateToken(TIME_TO_LIVE);
} catch (CaptokenException $e) {
    giveUp($e->getMessage());
}

answer(200, ['identity' => $client, 'token' => $token, 'expires_at' => $expiresAt]);
