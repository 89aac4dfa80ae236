<?php

declare(strict_types=1);

namespace Captoken\Internal;

use Captoken\CaptokenException;
use Captoken\Library;
use Captoken\TokenMalformedException;

/**
 * Calls cap_verify() and decodes the payload.
 *
 * @internal
 */
final class Verification
{
    /** A day, the longest life of a token, in seconds. */
    private const MAX_LEEWAY = 86400;

    /**
     * Returns the payload of a token that is valid at a time, or within the leeway.
     *
     * @return array<string|int, mixed>
     * @throws CaptokenException
     * @throws \InvalidArgumentException a NUL byte in the secret, or the leeway
     */
    public static function claims(
        #[\SensitiveParameter] string $token,
        #[\SensitiveParameter] string $secret,
        int $now,
        int $leeway,
    ): array {
        if ($leeway < 0 || $leeway > self::MAX_LEEWAY) {
            throw new \InvalidArgumentException('the leeway is not between 0 and 86400 seconds');
        }
        Strings::refuseNul('the secret', $secret);
        // A token comes from outside, so a wrong one is not an error of the program.
        if (str_contains($token, "\0")) {
            throw new TokenMalformedException(
                'the token contains a NUL byte',
                CaptokenException::TOKEN_MALFORMED,
            );
        }
        if (!Strings::isUtf8($token)) {
            throw new TokenMalformedException(
                'the token: ' . Library::functions()->cap_strerror(CaptokenException::INVALID_UTF8),
                CaptokenException::INVALID_UTF8,
            );
        }
        $library = Library::functions();
        // The payload is shorter than the token that encodes it.
        $size = strlen($token) + 1;
        $buffer = Buffer::take($size);
        $status = $library->cap_verify($token, $secret, $now, $buffer, $size, null);
        // The times at which the comment of cap_verify() in captoken.h asks again.
        $again = match ($status) {
            CaptokenException::TOKEN_NOT_YET_VALID => $now + $leeway,
            CaptokenException::TOKEN_EXPIRED => max($now - $leeway, 0),
            default => $now,
        };
        if ($again !== $now) {
            $second = $library->cap_verify($token, $secret, $again, $buffer, $size, null);
            // If the token lives shorter than the leeway, the first status is the reason.
            $status = match ($second) {
                CaptokenException::TOKEN_NOT_YET_VALID,
                CaptokenException::TOKEN_EXPIRED,
                CaptokenException::INVALID_TIME => $status,
                default => $second,
            };
        }
        // JSON has no NUL except as an escape, so the first one ends it.
        $payload = $status === 0 ? \FFI::string($buffer) : null;
        Buffer::put($buffer, $size);
        $payload ?? throw Refusal::of($status, ['the secret' => $secret]);
        // The library refuses deeper nesting: its limit is below 512.
        return json_decode($payload, true, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    }
}
