<?php

declare(strict_types=1);

namespace Captoken\Internal;

use Captoken\CaptokenException;
use Captoken\Library;

/**
 * Calls cap_mint(). Its comment in captoken.h describes the request.
 *
 * Every status is first stored in a variable. PHP 8.2 crashes if a signal handler throws
 * after a call of C that is an argument of another call.
 *
 * @internal
 */
final class Mint
{
    /**
     * Returns the signed token.
     *
     * @throws CaptokenException INVALID_TTL, INVALID_TIME, OUT_OF_MEMORY
     */
    public static function token(
        #[\SensitiveParameter] string $secret,
        string $request,
        int $now,
        int $ttl,
    ): string {
        $library = Library::functions();
        // Buffer::take() and put() inline, which saves the time of the calls.
        $buffer = Buffer::$kept ?? $library->new(Buffer::USUAL);
        Buffer::$kept = null;
        $status = $library->cap_mint($secret, $request, $now, $ttl, $buffer, Buffer::USUAL_SIZE, null);
        $token = $status === 0 ? \FFI::string($buffer) : null;
        Buffer::$kept = $buffer;
        if ($status === CaptokenException::BUFFER_TOO_SMALL) {
            return self::longToken($secret, $request, $now, $ttl);
        }
        return $token ?? throw Refusal::of($status);
    }

    private static function longToken(
        #[\SensitiveParameter] string $secret,
        string $request,
        int $now,
        int $ttl,
    ): string {
        $library = Library::functions();
        $length = $library->new('size_t');
        $library->cap_mint($secret, $request, $now, $ttl, null, 0, \FFI::addr($length));
        $size = $length->cdata + 1;
        $buffer = Buffer::take($size);
        $status = $library->cap_mint($secret, $request, $now, $ttl, $buffer, $size, null);
        if ($status !== 0) {
            throw Refusal::of($status);
        }
        return \FFI::string($buffer);
    }

    /**
     * Throws if C refuses a request for any reason, and mints nothing.
     *
     * @param array<string, string> $arguments as in Refusal::of()
     */
    public static function check(string $request, array $arguments): void
    {
        $status = Library::functions()->cap_mint('any secret', $request, 0, 1, null, 0, null);
        if ($status !== CaptokenException::BUFFER_TOO_SMALL) {
            throw Refusal::of($status, $arguments);
        }
    }
}
