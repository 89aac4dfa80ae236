<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/**
 * Serves examples/token.php by PHP's built-in web server. FpmTest does so by php-fpm, and
 * tests/it/token_servers.rs compares the answers with those of C and Go.
 */
final class ExampleTest extends TestCase
{
    /**
     * @dataProvider \Captoken\Tests\Example::complete
     * @param array<string, string> $environment
     */
    public function testEnvironmentDecidesTheTokenKind(
        array $environment,
        bool $isAccess,
        string $secret,
    ): void {
        $before = time();
        [$status, $headers, $body] = $this->get($environment, '?client=alice_1');
        self::assertSame(200, $status, $body);
        $answer = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
        self::assertSame(['identity', 'token', 'expires_at'], array_keys($answer));
        self::assertSame('alice_1', $answer['identity']);
        self::assertContains('Content-Type: application/json', $headers);
        self::assertContains('Cache-Control: no-store', $headers);

        Example::assertIsFor('alice_1', $answer['token'], $isAccess, $secret);
        $exp = Token::read($answer['token'], $secret)->claims['exp'];
        self::assertGreaterThanOrEqual($before + 3600, $answer['expires_at']);
        self::assertGreaterThanOrEqual($answer['expires_at'], $exp);
        self::assertLessThanOrEqual(time() + 3600, $exp);
    }

    /**
     * @dataProvider \Captoken\Tests\Example::incomplete
     * @param array<string, string> $environment
     */
    public function testMissingVariablesAreNamedInLog(array $environment, string $missing): void
    {
        [$status, , $body, $log] = $this->get($environment, '?client=alice');
        self::assertSame([500, "{\"error\":\"the server is not set up\"}\n"], [$status, $body]);
        self::assertMatchesRegularExpression("/token\.php: missing environment variables: $missing$/m", $log);
        self::assertStringNotContainsString('auth-token', $log);
        self::assertStringNotContainsString('key-secret', $log);
    }

    /** @dataProvider timesToLive */
    public function testEnvironmentDecidesTheTimeToLive(string $value, int $ttl, string $more = ''): void
    {
        $before = time();
        [$status, , $body] = $this->get(['TOKEN_TTL' => $value] + Example::CAPABILITY, "?client=alice$more");
        self::assertSame(200, $status, $body);
        $answer = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
        $exp = Token::read($answer['token'], 'auth-token')->claims['exp'];
        self::assertGreaterThanOrEqual($before + $ttl, $answer['expires_at']);
        self::assertGreaterThanOrEqual($answer['expires_at'], $exp);
        self::assertLessThanOrEqual(time() + $ttl, $exp);
    }

    /** @return array<string, array{0: string, 1: int, 2?: string}> */
    public static function timesToLive(): array
    {
        return [
            'an empty variable' => ['', 3600],
            'the shortest' => ['1', 1],
            'the longest' => ['86400', 86400],
            'leading zeros' => [str_repeat('0', 400) . '60', 60],
            'another in the query' => ['60', 60, '&TOKEN_TTL=5&ttl=5'],
        ];
    }

    /** @dataProvider wrongTimesToLive */
    public function testWrongTimeToLiveIsNamedInLog(string $value): void
    {
        [$status, , $body, $log] = $this->get(['TOKEN_TTL' => $value] + Example::CAPABILITY, '?client=alice');
        self::assertSame([500, "{\"error\":\"the server is not set up\"}\n"], [$status, $body]);
        self::assertMatchesRegularExpression('/token\.php: TOKEN_TTL: write a number from 1 to 86400$/m', $log);
    }

    /** @return array<string, array{string}> */
    public static function wrongTimesToLive(): array
    {
        return [
            'zero' => ['0'],
            'too long' => ['86401'],
            'beyond an integer' => ['18446744073709551676'],
            'a sign' => ['+60'],
            'a space' => [' 60'],
            'a line break' => ["60\n"],
            'a fraction' => ['60.0'],
        ];
    }

    public function testLongestClientNameIsAccepted(): void
    {
        [$status, , $body] = $this->get(Example::CAPABILITY, '?client=' . str_repeat('a', 256));
        self::assertSame(200, $status, $body);
    }

    public function testAnotherMethodGetsAllowHeader(): void
    {
        [, $headers] = $this->get(Example::CAPABILITY, '?client=alice', 'POST');
        self::assertContains('Allow: GET', $headers);
    }

    /** @dataProvider badRequests */
    public function testBadRequestIsRefusedInJson(string $query, int $expected, string $method = 'GET'): void
    {
        [$status, , $body] = $this->get(Example::CAPABILITY, $query, $method);
        self::assertSame($expected, $status, $body);
        self::assertSame(['error'], array_keys(json_decode($body, true, 512, JSON_THROW_ON_ERROR)));
    }

    /** @return array<string, array{0: string, 1: int, 2?: string}> */
    public static function badRequests(): array
    {
        return [
            'no client' => ['', 400],
            'an empty client' => ['?client=', 400],
            'a space' => ['?client=a%20b', 400],
            'a line break at the end' => ['?client=alice%0A', 400],
            'a letter that is not ASCII' => ['?client=%C3%A9', 400],
            'a NUL byte' => ['?client=a%00b', 400],
            'too long' => ['?client=' . str_repeat('a', 257), 400],
            'an array' => ['?client[]=alice', 400],
            'a second client' => ['?client=alice&client=bob', 400],
            'another method' => ['?client=alice', 405, 'POST'],
        ];
    }

    public function testTerminalShowsHowToStart(): void
    {
        $example = Package::folder() . '/examples/token.php';
        $done = Process::run([PHP_BINARY, $example], Process::environment());
        self::assertSame([1, ''], [$done->status, $done->out]);
        self::assertStringContainsString('php -d ffi.enable=1 -S 127.0.0.1:8080 token.php', $done->err);
    }

    public function testMissingLibraryIsNamedOnlyInLog(): void
    {
        $environment = Example::CAPABILITY + ['CAPTOKEN_LIB' => '/nowhere/libcaptoken.so.0'];
        [$status, , $body, $log] = $this->get($environment, '?client=alice');
        self::assertSame([500, "{\"error\":\"the server is not set up\"}\n"], [$status, $body]);
        self::assertStringContainsString('/nowhere/libcaptoken.so.0: cannot open', $log);
    }

    /**
     * Starts a server, sends it one request, and stops it.
     *
     * @param array<string, string> $environment
     * @return array{int, list<string>, string, string} status, headers, body, the server's log
     */
    private function get(array $environment, string $query, string $method = 'GET'): array
    {
        $log = tmpfile();
        $example = Package::folder() . '/examples/token.php';
        // By env, because proc_open() passes no empty variable.
        $set = array_map(static fn ($name, $value) => "$name=$value", array_keys($environment), $environment);
        $server = proc_open(
            ['env', ...$set, PHP_BINARY, '-d', 'ffi.enable=1', '-d', 'error_log=', '-d', 'log_errors=1',
                '-S', '127.0.0.1:0', $example],
            [['file', '/dev/null', 'r'], $log, $log],
            $pipes,
            null,
            array_diff_key(Process::environment(), array_flip(Example::NAMES)),
        );
        try {
            $address = self::address($server, $log);
            $context = stream_context_create(['http' => ['method' => $method, 'ignore_errors' => true]]);
            $answer = fopen("http://$address/token$query", 'r', false, $context);
            $body = stream_get_contents($answer);
            $headers = stream_get_meta_data($answer)['wrapper_data'];
            [, $status] = explode(' ', $headers[0]);
            return [(int) $status, $headers, $body, file_get_contents(stream_get_meta_data($log)['uri'])];
        } finally {
            proc_terminate($server);
            proc_close($server);
        }
    }

    /**
     * Waits until the log names the address at which the server listens.
     *
     * @param resource $server
     * @param resource $log
     */
    private static function address($server, $log): string
    {
        do {
            usleep(10_000);
            $runs = proc_get_status($server)['running'];
            $text = file_get_contents(stream_get_meta_data($log)['uri']);
            if (preg_match('~\(http://([\d.:]+)\) started~', $text, $found) === 1) {
                return $found[1];
            }
        } while ($runs);
        self::fail("the server does not start: $text");
    }
}
