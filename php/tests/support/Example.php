<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\Assert;

/** Environments for examples/token.php, with the answers to expect. */
final class Example
{
    /** Every variable that the example reads. */
    public const NAMES = [
        'TWILIO_ACCOUNT_SID', 'TWILIO_APP_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET',
        'TOKEN_HOSTS', 'TOKEN_ORIGINS', 'TOKEN_TTL',
    ];

    /** The variables for capability tokens. */
    public const CAPABILITY = self::SHARED + ['TWILIO_AUTH_TOKEN' => 'auth-token'];

    private const ACCESS = self::SHARED + self::API_KEY;

    private const SHARED = ['TWILIO_ACCOUNT_SID' => 'AC123123', 'TWILIO_APP_SID' => 'AP123123'];

    private const API_KEY = ['TWILIO_API_KEY_SID' => 'SK123123', 'TWILIO_API_KEY_SECRET' => 'key-secret'];

    /**
     * Complete environments, whether the token is an access token, and its secret.
     *
     * The names are also names of php-fpm pools.
     *
     * @return array<string, array{array<string, string>, bool, string}>
     */
    public static function complete(): array
    {
        $empty = ['TWILIO_API_KEY_SID' => '', 'TWILIO_API_KEY_SECRET' => ''];
        return [
            'capability' => [self::CAPABILITY, false, 'auth-token'],
            'capability-empty-key' => [$empty + self::CAPABILITY, false, 'auth-token'],
            'access' => [self::ACCESS, true, 'key-secret'],
            'access-empty-auth-token' => [['TWILIO_AUTH_TOKEN' => ''] + self::ACCESS, true, 'key-secret'],
            'both' => [self::CAPABILITY + self::API_KEY, true, 'key-secret'],
        ];
    }

    /**
     * Incomplete environments, and the variables that the log names.
     *
     * @return array<string, array{array<string, string>, string}>
     */
    public static function incomplete(): array
    {
        $either = 'TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN';
        $cases = [
            'nothing' => [[], "TWILIO_ACCOUNT_SID, TWILIO_APP_SID, $either"],
            'no-credentials' => [self::SHARED, $either],
            'empty-auth-token' => [['TWILIO_AUTH_TOKEN' => ''] + self::SHARED, $either],
        ];
        $both = self::CAPABILITY + self::API_KEY;
        foreach (['capability' => self::CAPABILITY, 'access' => self::ACCESS, 'both' => $both] as $kind => $all) {
            foreach (array_diff(array_keys($all), ['TWILIO_AUTH_TOKEN']) as $missing) {
                $cases["$kind-without-$missing"] = [array_diff_key($all, [$missing => '']), $missing];
                $cases["$kind-empty-$missing"] = [[$missing => ''] + $all, $missing];
            }
        }
        return $cases;
    }

    /** Fails the test unless a token has this kind and this client. */
    public static function assertIsFor(string $client, string $token, bool $isAccess, string $secret): void
    {
        $claims = Token::read($token, $secret)->claims;
        unset($claims['exp'], $claims['jti']);
        Assert::assertSame(
            $isAccess
                ? [
                    'iss' => 'SK123123',
                    'sub' => 'AC123123',
                    'grants' => [
                        'identity' => $client,
                        'voice' => [
                            'incoming' => ['allow' => true],
                            'outgoing' => ['application_sid' => 'AP123123', 'params' => ['client' => $client]],
                        ],
                    ],
                ]
                : [
                    'scope' => "scope:client:incoming?clientName=$client"
                        . " scope:client:outgoing?appSid=AP123123&appParams=client%3D$client&clientName=$client",
                    'iss' => 'AC123123',
                ],
            $claims,
        );
    }
}
