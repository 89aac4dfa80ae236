<?php

declare(strict_types=1);

namespace Captoken\Internal;

use Captoken\CaptokenException;

// Imported, so that PHP does not look in this namespace first.
use function json_encode;
use function ltrim;
use function preg_match;
use function str_contains;

/**
 * Checks and encodes the strings that go to C.
 *
 * @internal
 */
final class Strings
{
    /** Flags for JSON that C parses: it needs no escapes for HTML or ASCII. */
    public const JSON = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;

    // Character lists for ltrim(): it finds other characters faster than a loop.
    private const CLIENT_NAME = 'a..zA..Z0..9_';
    private const ASCII_WITHOUT_NUL = "\x01..\x7f";

    /**
     * Encodes a string that must not be empty.
     *
     * @param string $what the name of the argument in messages
     * @throws CaptokenException EMPTY_ARGUMENT, INVALID_UTF8
     * @throws \InvalidArgumentException a NUL byte
     */
    public static function json(string $what, string $string): string
    {
        if (str_contains($string, "\0")) {
            self::refuseNul($what, $string);
        }
        $json = json_encode($string, self::JSON);
        if ($json === false) {
            throw Refusal::of(CaptokenException::INVALID_UTF8, [$what => $string]);
        }
        if ($string === '') {
            throw Refusal::of(CaptokenException::EMPTY_ARGUMENT, [$what => $string]);
        }
        return $json;
    }

    /**
     * Hides a secret from dumps in a function that returns it.
     *
     * get_mangled_object_vars() would show a \SensitiveParameterValue alone, but it does not
     * look into a closure. Its reflection leads to that object, and no further.
     *
     * @return \Closure(): string
     * @throws CaptokenException EMPTY_ARGUMENT, INVALID_UTF8
     * @throws \InvalidArgumentException a NUL byte
     */
    public static function secret(string $what, #[\SensitiveParameter] string $secret): \Closure
    {
        // ltrim() alone finds that a secret is ASCII without NUL, as most are.
        if ($secret === '' || ltrim($secret, self::ASCII_WITHOUT_NUL) !== '') {
            self::refuseNul($what, $secret);
            if ($secret === '') {
                throw Refusal::of(CaptokenException::EMPTY_ARGUMENT, [$what => $secret]);
            }
            if (!self::isUtf8($secret)) {
                throw Refusal::of(CaptokenException::INVALID_UTF8, [$what => $secret]);
            }
        }
        return (new \SensitiveParameterValue($secret))->getValue(...);
    }

    /** @throws \InvalidArgumentException for a name that twilio-php refuses */
    public static function requireClientName(string $clientName): void
    {
        // Faster than the checks below, which also work if pcre.* in php.ini limits preg_match().
        if (preg_match('/^[A-Za-z0-9_]+$/D', $clientName) === 1) {
            return;
        }
        if ($clientName === '') {
            throw new \InvalidArgumentException('the client name is empty');
        }
        if (ltrim($clientName, self::CLIENT_NAME) !== '') {
            throw new \InvalidArgumentException(
                'the client name may contain only ASCII letters, digits and underscores',
            );
        }
    }

    /**
     * @param string $what the name of the argument in the message
     * @throws \InvalidArgumentException because C would read the string only up to its NUL
     */
    public static function refuseNul(string $what, #[\SensitiveParameter] string $string): void
    {
        if (str_contains($string, "\0")) {
            throw new \InvalidArgumentException("$what contains a NUL byte");
        }
    }

    public static function isUtf8(#[\SensitiveParameter] string $string): bool
    {
        // Any other error, such as a limit in php.ini, says nothing about the string.
        return preg_match('//u', $string) === 1 || preg_last_error() !== PREG_BAD_UTF8_ERROR;
    }

    /** Quotes a string for a message, shortened and without line breaks. */
    public static function quoted(string $string): string
    {
        $start = strlen($string) > 100 ? substr($string, 0, 100) . '...' : $string;
        return json_encode($start, JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR);
    }
}
