<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use Captoken\TokenExpiredException;
use Captoken\TokenSignatureException;
use PHPUnit\Framework\TestCase;

/** Compares tokens with recorded tokens of Twilio's libraries, and verifies both. */
final class VectorsTest extends TestCase
{
    /** The tag of client names that twilio-php refuses, too. */
    private const REFUSED_TAG = 'name_outside_docs';

    /** The library whose tokens are byte-for-byte identical to captoken's. */
    private const SAME_BYTES = 'ruby-3.16.1';

    /** The case that repeats a key after another one: an array cannot hold that order. */
    private const REGROUPED = ['params_repeated_keys'];

    public function testCasesAreMintedOrRefusedAsListed(): void
    {
        $names = ['minted' => [], 'refused' => []];
        foreach (self::cases() as $case) {
            $names[self::fate($case)][] = $case['name'];
        }
        self::assertSame(
            ['name_space', 'name_hyphen_dot', 'name_cjk', 'name_rtl', 'name_quotes_backslash',
                'name_scope_injection'],
            $names['refused'],
        );
        self::assertCount(51, $names['minted']);
    }

    public function testMintedTokensMatchOfficialOnes(): void
    {
        $minted = 0;
        foreach (self::casesThatAre('minted') as $case) {
            $token = Token::read(self::mint($case, $case['order']), $case['auth_token']);
            $expected = $case['expected'];
            self::assertSame($expected['header'], $token->header, $case['name']);
            self::assertSame(self::expectedScopes($case), $token->scopes(), $case['name']);
            [$claims, $others] = [$token->claims, $expected['payload']];
            unset($claims['scope'], $others['scope']);
            ksort($claims);
            ksort($others);
            self::assertSame($others, $claims, $case['name']);
            $minted++;
        }
        self::assertSame(51, $minted);
    }

    public function testPlainTokensEqualTwilioRubyBytes(): void
    {
        $equal = 0;
        foreach (self::casesThatAre('minted') as $case) {
            $pairs = $case['outgoing']['params'] ?? [];
            $strings = [$case['outgoing']['application_sid'] ?? '', ...array_merge(...$pairs)];
            $spaces = str_contains(implode('', $strings), ' ');
            $ascii = preg_match('/[^\x00-\x7f]/', $case['account_sid']) === 0;
            $only = $case['event_stream'] === null && $case['claims'] === [];
            if ($spaces || !$ascii || !$only || self::sent($case) !== $pairs) {
                continue;
            }
            self::assertSame(self::official($case), self::mint($case, $case['order']), $case['name']);
            $equal++;
        }
        self::assertSame(39, $equal);
    }

    public function testLaterTokensEqualTheFirst(): void
    {
        $minted = 0;
        foreach (self::casesThatAre('minted') as $case) {
            $capability = self::capability($case, $case['order']);
            $first = self::generate($capability, $case);
            for ($i = 0; $i < 5; $i++) {
                self::assertSame($first, self::generate($capability, $case), $case['name']);
            }
            self::assertSame($first, self::generate(clone $capability, $case), $case['name']);
            $minted++;
        }
        self::assertSame(51, $minted);
    }

    public function testOrderOfCallsMakesNoDifference(): void
    {
        $several = 0;
        foreach (self::casesThatAre('minted') as $case) {
            $reversed = self::mint($case, array_reverse($case['order']));
            self::assertSame(self::mint($case, $case['order']), $reversed, $case['name']);
            $several += count($case['order']) > 1 ? 1 : 0;
        }
        self::assertGreaterThan(10, $several);
    }

    public function testUndocumentedClientNamesAreRefused(): void
    {
        $refused = 0;
        foreach (self::casesThatAre('refused') as $case) {
            $capability = new Capability($case['account_sid'], $case['auth_token']);
            $before = $capability->generateTokenAt(0);
            try {
                $capability->allowClientIncoming($case['incoming']);
                self::fail("{$case['name']} is accepted");
            } catch (\InvalidArgumentException $e) {
                self::assertSame(
                    'the client name may contain only ASCII letters, digits and underscores',
                    $e->getMessage(),
                    $case['name'],
                );
            }
            self::assertSame($before, $capability->generateTokenAt(0), $case['name']);
            $refused++;
        }
        self::assertSame(6, $refused);
    }

    public function testOnlyScatteredKeysChangeTheirOrder(): void
    {
        $regrouped = [];
        foreach (self::casesThatAre('minted') as $case) {
            if (self::sent($case) !== ($case['outgoing']['params'] ?? [])) {
                $regrouped[] = $case['name'];
                self::assertSame(
                    [['tag', 'a'], ['tag', 'b'], ['tag', 'd'], ['other', 'c']],
                    self::sent($case),
                );
            }
        }
        self::assertSame(self::REGROUPED, $regrouped);
    }

    public function testOfficialTokensVerifyUntilTheyExpire(): void
    {
        $verified = 0;
        foreach (self::cases() as $case) {
            foreach ($case['tokens'] as ['token' => $token, 'sdks' => $sdks]) {
                $name = $case['name'] . ' by ' . implode(', ', $sdks);
                $payload = json_decode(base64_decode(strtr(explode('.', $token)[1], '-_', '+/')), true);
                $exp = $case['expected']['payload']['exp'];
                foreach ([$case['now'], $exp - 1] as $now) {
                    self::assertSame($payload, Capability::verify($token, $case['auth_token'], $now), $name);
                }
                try {
                    Capability::verify($token, $case['auth_token'], $exp);
                    self::fail("$name is valid when it expires");
                } catch (TokenExpiredException) {
                }
                try {
                    Capability::verify($token, $case['auth_token'] . 'x', $case['now']);
                    self::fail("$name is valid with another secret");
                } catch (TokenSignatureException) {
                }
                $verified++;
            }
        }
        self::assertSame(502, $verified);
    }

    public function testMintedTokensVerify(): void
    {
        foreach (self::casesThatAre('minted') as $case) {
            $token = self::mint($case, $case['order']);
            $payload = Capability::verify($token, $case['auth_token'], $case['now']);
            self::assertSame(Token::read($token, $case['auth_token'])->claims, $payload, $case['name']);
        }
    }

    /**
     * Runs the snippets of "Generate Capability Tokens" in twilio-php's documentation.
     *
     * Only the `require` differs, and an alias is added.
     *
     * @dataProvider aliases
     */
    public function testProgramOfTwilioDocumentationRunsUnchanged(string $alias): void
    {
        $autoload = var_export(Package::folder() . '/autoload.php', true);
        $before = time();
        $done = Php::file(<<<END
            <?php
            require $autoload;
            $alias

            \$accountSid = "AC123123";
            \$authToken = "secret";

            \$capability = new Services_Twilio_Capability(\$accountSid, \$authToken);

            \$capability->allowClientIncoming("Alice");

            \$applicationSid = "AP123123"; // Twilio Application Sid
            \$capability->allowClientOutgoing(\$applicationSid);

            \$token = \$capability->generateToken();
            echo \$token, "\\n";

            \$token = \$capability->generateToken(600);
            echo \$token, "\\n";
            END);
        $after = time();
        self::assertSame('', $done->err);
        self::assertSame(0, $done->status, $done->out);
        $tokens = explode("\n", $done->out, -1);
        self::assertCount(2, $tokens, $done->out);
        foreach ([3600, 600] as $i => $ttl) {
            $token = Token::read($tokens[$i], 'secret');
            self::assertSame('AC123123', $token->claims['iss']);
            self::assertGreaterThanOrEqual($before + $ttl, $token->claims['exp']);
            self::assertLessThanOrEqual($after + $ttl, $token->claims['exp']);
            self::assertSame(
                'scope:client:incoming?clientName=Alice'
                    . ' scope:client:outgoing?appSid=AP123123&clientName=Alice',
                $token->claims['scope'],
            );
        }
    }

    /** @return array<string, array{string}> */
    public static function aliases(): array
    {
        return [
            'use' => ['use Captoken\Capability as Services_Twilio_Capability;'],
            'class_alias' => ["class_alias('Captoken\\Capability', 'Services_Twilio_Capability');"],
        ];
    }

    /** @return list<array<string, mixed>> */
    private static function cases(): array
    {
        $json = file_get_contents(Package::ROOT . '/tests/data/capability.json');
        return json_decode($json, true, 512, JSON_THROW_ON_ERROR)['cases'];
    }

    /** @return list<array<string, mixed>> */
    private static function casesThatAre(string $fate): array
    {
        $cases = array_filter(self::cases(), static fn (array $case): bool => self::fate($case) === $fate);
        return array_values($cases);
    }

    private static function fate(array $case): string
    {
        return match (true) {
            in_array(self::REFUSED_TAG, $case['tags'], true) => 'refused',
            default => 'minted',
        };
    }

    /** @param list<string> $order of the calls */
    private static function mint(array $case, array $order): string
    {
        return self::generate(self::capability($case, $order), $case);
    }

    /** @param list<string> $order of the calls */
    private static function capability(array $case, array $order): Capability
    {
        $capability = new Capability($case['account_sid'], $case['auth_token']);
        foreach ($case['claims'] as [$name, $value]) {
            $capability->addClaim($name, $value);
        }
        foreach ($order as $call) {
            match ($call) {
                'incoming' => $capability->allowClientIncoming($case['incoming']),
                'outgoing' => $capability->allowClientOutgoing(
                    $case['outgoing']['application_sid'],
                    self::named($case['outgoing']['params']),
                ),
                'event_stream' => $capability->allowEventStream(self::named($case['event_stream']['filters'])),
            };
        }
        return $capability;
    }

    private static function generate(Capability $capability, array $case): string
    {
        return $case['ttl'] === null
            ? $capability->generateTokenAt($case['now'])
            : $capability->generateTokenAt($case['now'], $case['ttl']);
    }

    /**
     * Returns pairs as an array, with a list for a repeated key.
     *
     * @param list<array{string, string}> $pairs
     * @return array<string|int, string|list<string>>
     */
    private static function named(array $pairs): array
    {
        $params = [];
        foreach ($pairs as [$key, $value]) {
            $params[$key] = array_key_exists($key, $params) ? [...(array) $params[$key], $value] : $value;
        }
        return $params;
    }

    /**
     * Returns the pairs of a case in the order of that array.
     *
     * @return list<array{string, string}>
     */
    private static function sent(array $case): array
    {
        $sent = [];
        foreach (self::named($case['outgoing']['params'] ?? []) as $key => $values) {
            foreach ((array) $values as $value) {
                $sent[] = [(string) $key, $value];
            }
        }
        return $sent;
    }

    /** Returns the expected scopes of a case, in the form of Token::scopes(). */
    private static function expectedScopes(array $case): array
    {
        $scopes = [];
        foreach ($case['expected']['payload']['scope'] as $scope) {
            $scopes[] = Token::scope("scope:{$scope['service']}:{$scope['privilege']}", $scope['query']);
        }
        if (in_array($case['name'], self::REGROUPED, true)) {
            foreach ($scopes as &$scope) {
                $scope['params'] = $scope['params'] === [] ? [] : self::sent($case);
            }
            unset($scope);
        }
        sort($scopes);
        return $scopes;
    }

    private static function official(array $case): string
    {
        foreach ($case['tokens'] as $token) {
            if (in_array(self::SAME_BYTES, $token['sdks'], true)) {
                return $token['token'];
            }
        }
        self::fail("{$case['name']}: no token of " . self::SAME_BYTES);
    }
}
