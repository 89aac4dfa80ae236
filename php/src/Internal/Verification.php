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
    /**
     * Returns the payload of a valid token.
     *
     * @return array<string|int, mixed>
     * @throws CaptokenException
     * @throws \InvalidArgumentException a NUL byte in the secret
     */
    public static function claims(
        #[\SensitiveParameter] string $token,
        #[\SensitiveParameter] string $secret,
        int $now,
    ): array {
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
        // JSON has no NUL except as an escape, so the first one ends it.
        $payload = $status === 0 ? \FFI::string($buffer) : null;
        Buffer::put($buffer, $size);
        $payload ?? throw Refusal::of($status, ['the secret' => $secret]);
        // The library refuses deeper nesting: its limit is below 512.
        return json_decode($payload, true, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    }
}
