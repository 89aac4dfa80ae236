<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\TestCase;

/** Runs the PHP blocks of docs/access-tokens.md, with the paths of the package under test. */
final class MigratingTest extends TestCase
{
    private const GRANTS = [
        'identity' => 'Alice',
        'voice' => [
            'incoming' => ['allow' => true],
            'outgoing' => ['application_sid' => 'AP123123', 'params' => ['Foo' => 'Bar']],
        ],
    ];

    public function testOneChangedLineMintsAccessTokens(): void
    {
        [$before, $after] = self::beforeAndAfter();

        $token = self::printed($before, 'auth_token');
        self::assertSame(['typ' => 'JWT', 'alg' => 'HS256'], $token->header);
        self::assertSame(['scope', 'iss', 'exp'], array_keys($token->claims));
        self::assertSame('AC123123', $token->claims['iss']);
        self::assertSame([
            Token::scope('scope:client:incoming', [['clientName', 'Alice']]),
            Token::scope('scope:client:outgoing', [
                ['appSid', 'AP123123'],
                ['clientName', 'Alice'],
                ['appParams', [['Foo', 'Bar']]],
            ]),
        ], $token->scopes());

        $token = self::printed($after, 'api_key_secret');
        self::assertAccess(null, self::GRANTS, $token);
    }

    public function testLinesForAccessTokensMintEveryGrant(): void
    {
        [, $program] = self::beforeAndAfter();
        $generates = 'echo $capability->generateToken(';
        self::assertSame(1, substr_count($program, $generates));
        $lines = "\$playbackGrant = ['a' => [1]];\n" . self::block('php');
        $token = self::printed(str_replace($generates, $lines . $generates, $program), 'api_key_secret');

        $grants = self::GRANTS;
        $grants['voice']['push_credential_sid'] = 'CR123123';
        $grants += [
            'video' => ['room' => 'standup'],
            'chat' => ['service_sid' => 'IS123123'],
            'data_sync' => ['service_sid' => 'IS456456'],
            'task_router' => ['workspace_sid' => 'WS123123', 'worker_sid' => 'WK123123', 'role' => 'worker'],
            'player' => ['a' => [1]],
        ];
        self::assertAccess('ie1', $grants, $token);
    }

    /** Runs a program, and returns the token that it prints, which lives for ten minutes. */
    private static function printed(string $program, string $secret): Token
    {
        $before = time();
        $done = Php::file($program);
        $after = time();
        self::assertSame([0, ''], [$done->status, $done->err], $done->out);
        $token = Token::read(rtrim($done->out), $secret);
        self::assertContains($token->claims['exp'] - 600, range($before, $after));
        return $token;
    }

    /** @param array<string, mixed> $grants */
    private static function assertAccess(?string $region, array $grants, Token $token): void
    {
        $header = ['typ' => 'JWT', 'alg' => 'HS256', 'cty' => 'twilio-fpa;v=1'];
        self::assertSame($region === null ? $header : $header + ['twr' => $region], $token->header);
        $exp = $token->claims['exp'];
        self::assertSame([
            'jti' => 'SK123123-' . ($exp - 600),
            'iss' => 'SK123123',
            'sub' => 'AC123123',
            'exp' => $exp,
            'grants' => $grants,
        ], $token->claims);
    }

    /**
     * Returns the program before and after the diff, which changes one line.
     *
     * @return array{string, string}
     */
    private static function beforeAndAfter(): array
    {
        $diff = self::block('diff', ' <?php');
        self::assertSame([1, 1], [preg_match_all('/^-/m', $diff), preg_match_all('/^\+/m', $diff)]);
        return [
            preg_replace(['/^\+.*\n/m', '/^[ -]/m'], '', $diff),
            preg_replace(['/^-.*\n/m', '/^[ +]/m'], '', $diff),
        ];
    }

    private static function block(string $language, string $start = ''): string
    {
        return (new Document('docs/access-tokens.md'))->block($language, $start);
    }
}
