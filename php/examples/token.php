<?php

/*
 * Answers GET /token?client=alice with a token for Twilio Client, as JSON:
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
 * These are optional; docs/token-servers.md explains them:
 *
 *     export TOKEN_HOSTS=example.com TOKEN_ORIGINS=https://www.example.com TOKEN_TTL=3600
 *
 * Under php-fpm, install captoken.ini. Pools start with an empty environment, so add lines
 * such as `env[TWILIO_ACCOUNT_SID] = AC...` to the pool's file. The web server chooses the
 * path, and limits requests and connections. If you copy this file, change the path of
 * autoload.php below.
 */

declare(strict_types=1);

use Captoken\Capability;
use Captoken\CaptokenException;

require __DIR__ . '/../autoload.php';

// In seconds. Twilio rejects tokens with a longer time to live than MAX_TTL.
const DEFAULT_TTL = 3600;
const MAX_TTL = 86400;

/** @param array<string, string|int> $body */
function answer(int $status, array $body): never
{
    http_response_code($status);
    header('Content-Type: application/json');
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

/**
 * Returns the items of a list in the environment, with commas between them.
 *
 * @return list<string>
 */
function items(string $name, string $default, string $pattern, string $write): array
{
    $items = array_map(static fn (string $item): string => trim($item, ' '), explode(',', setting($name) ?? $default));
    if (preg_grep($pattern, $items, PREG_GREP_INVERT) !== []) {
        giveUp("$name: write $write");
    }
    return $items;
}

/** Returns the time to live of tokens in seconds. */
function timeToLive(): int
{
    $value = setting('TOKEN_TTL') ?? (string) DEFAULT_TTL;
    // Not filter_var(), which also accepts ' 60' and '+60', and refuses '060'.
    if (preg_match('/\A0*([1-9][0-9]{0,4})\z/', $value, $digits) !== 1 || (int) $digits[1] > MAX_TTL) {
        giveUp('TOKEN_TTL: write a number from 1 to ' . MAX_TTL);
    }
    return (int) $digits[1];
}

/**
 * Returns the credentials.
 *
 * @return array{account: string, application: string, token: ?string, key: ?string, secret: ?string}
 */
function credentials(): array
{
    $credentials = [
        'account' => setting('TWILIO_ACCOUNT_SID'),
        'application' => setting('TWILIO_APP_SID'),
        'token' => setting('TWILIO_AUTH_TOKEN'),
        'key' => setting('TWILIO_API_KEY_SID'),
        'secret' => setting('TWILIO_API_KEY_SECRET'),
    ];
    // Half an API key is a mistake, not a request for capability tokens.
    $hasApiKey = $credentials['key'] !== null || $credentials['secret'] !== null;
    $required = ['TWILIO_ACCOUNT_SID', 'TWILIO_APP_SID'];
    if ($hasApiKey) {
        array_push($required, 'TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET');
    }
    $missing = array_filter($required, static fn (string $name): bool => setting($name) === null);
    if (!$hasApiKey && $credentials['token'] === null) {
        $missing[] = 'TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN';
    }
    if ($missing !== []) {
        giveUp('missing environment variables: ' . implode(', ', $missing));
    }
    return $credentials;
}

/**
 * Returns all values of the parameter client. $_GET has the last of several, and another
 * program that checks the name may read the first.
 *
 * @return list<string>
 */
function clients(): array
{
    $values = [];
    foreach (explode('&', $_SERVER['QUERY_STRING'] ?? '') as $pair) {
        [$name, $value] = explode('=', $pair, 2) + [1 => ''];
        if (urldecode($name) === 'client') {
            $values[] = urldecode($value);
        }
    }
    return $values;
}

/** Returns whether a request has a body. The built-in server takes `Content-Length : 5`. */
function hasBody(): bool
{
    $names = preg_grep('/\A(HTTP_)?(CONTENT_LENGTH|TRANSFER_ENCODING)/', array_keys($_SERVER));
    return array_diff(array_intersect_key($_SERVER, array_flip($names)), ['', '0']) !== [];
}

if (PHP_SAPI === 'cli') {
    fwrite(STDERR, "This is a web page. Start it: php -d ffi.enable=1 -S 127.0.0.1:8080 token.php\n");
    exit(1);
}

header_remove('X-Powered-By');
header('Cache-Control: no-store');
header('Vary: Origin');
header('X-Content-Type-Options: nosniff');

$credentials = credentials();
$hosts = items(
    'TOKEN_HOSTS',
    'localhost,127.0.0.1,[::1]',
    '/\A(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])\z/',
    'hosts without ports, such as example.com,[::1]',
);
$origins = setting('TOKEN_ORIGINS') === null ? [] : items(
    'TOKEN_ORIGINS',
    '',
    '~\Ahttps?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?\z~',
    'origins in lower case, such as https://example.com,http://localhost:3000',
);
$ttl = timeToLive();

$origin = $_SERVER['HTTP_ORIGIN'] ?? '';
$isAllowedOrigin = in_array($origin, $origins, true);
if ($isAllowedOrigin) {
    header("Access-Control-Allow-Origin: $origin");
}

// Under the built-in server, every path leads here. A web server chooses the path itself.
[$path] = explode('?', $_SERVER['REQUEST_URI'] ?? '');
if (PHP_SAPI === 'cli-server' ? $path !== '/token' : ($_SERVER['PATH_INFO'] ?? '') !== '') {
    answer(404, ['error' => 'not found']);
}

// A page of a stranger can let its own host name point to this server. The browser then
// takes the page and the server for one site, and lets the page read tokens. But the browser
// still sends the stranger's name in the Host header.
$host = $_SERVER['HTTP_HOST'] ?? '';
if ($host === '' || str_contains($host, ',')) {
    answer(400, ['error' => 'send one Host header']);
}
$name = preg_replace('/:[0-9]{1,5}\z/', '', $host);
if (!in_array(strtolower($name), array_map(strtolower(...), $hosts), true)) {
    answer(403, ['error' => 'this host is not in TOKEN_HOSTS']);
}

if ($_SERVER['REQUEST_METHOD'] === 'OPTIONS' && $isAllowedOrigin) {
    header('Access-Control-Allow-Methods: GET');
    header('Access-Control-Allow-Headers: Authorization, Content-Type');
    ini_set('default_mimetype', '');
    http_response_code(204);
    exit;
}
if ($_SERVER['REQUEST_METHOD'] !== 'GET') {
    header('Allow: GET');
    answer(405, ['error' => 'only GET is allowed']);
}
if (hasBody()) {
    answer(400, ['error' => 'send no body']);
}

// A real application takes the name from its login, never from the request. The holder of a
// token for a name receives the calls to that name.
$clients = clients();
if (count($clients) > 1) {
    answer(400, ['error' => 'client is given more than once']);
}
$client = $clients[0] ?? '';
if (preg_match('/\A[A-Za-z0-9_]{1,256}\z/', $client) !== 1) {
    answer(400, ['error' => 'client must be 1 to 256 ASCII letters, digits and underscores']);
}

// Read before the token is made, so that it is never later than the token's expiry.
$expiresAt = time() + $ttl;
try {
    $capability = $credentials['key'] !== null
        ? Capability::access($credentials['account'], $credentials['key'], $credentials['secret'])
        : new Capability($credentials['account'], $credentials['token']);
    $capability->allowClientIncoming($client);
    $capability->allowClientOutgoing($credentials['application'], ['client' => $client]);
    $token = $capability->generateToken($ttl);
} catch (CaptokenException | \InvalidArgumentException $e) {
    giveUp($e->getMessage());
}

answer(200, ['identity' => $client, 'token' => $token, 'expires_at' => $expiresAt]);
