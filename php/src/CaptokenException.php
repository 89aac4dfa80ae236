<?php

declare(strict_types=1);

namespace Captoken;

/**
 * The library refused a call.
 *
 * The code is a status of captoken.h or LIBRARY_NOT_LOADED. The numbers never change.
 *
 * For an invalid token, Capability::verify() throws one of the subclasses:
 * TokenMalformedException, TokenAlgorithmException, TokenSignatureException,
 * TokenExpiredException or TokenNotYetValidException. Each is an InvalidTokenException.
 */
class CaptokenException extends \RuntimeException
{
    /** The C library is missing, cannot be loaded, or has another major version. */
    public const LIBRARY_NOT_LOADED = -1;

    public const NULL_ARGUMENT = 1;
    public const EMPTY_ARGUMENT = 2;
    public const INVALID_UTF8 = 3;
    public const INVALID_TTL = 4;
    public const INVALID_TIME = 5;
    public const BUFFER_TOO_SMALL = 6;
    public const NO_CREDENTIALS = 7;
    public const INVALID_HANDLE = 8;
    public const MISSING_SCOPE = 9;
    public const INVALID_CLIENT_NAME = 10;
    public const RESERVED_NAME = 11;
    public const INVALID_JSON = 12;
    public const UNSUPPORTED = 13;
    public const OUT_OF_MEMORY = 14;
    public const INTERNAL = 15;
    public const TOKEN_MALFORMED = 16;
    public const TOKEN_ALGORITHM = 17;
    public const TOKEN_SIGNATURE = 18;
    public const TOKEN_EXPIRED = 19;
    public const TOKEN_NOT_YET_VALID = 20;
    public const INVALID_REQUEST = 21;

    /**
     * Makes the exception for a status, of its class.
     *
     * @internal
     */
    public static function of(int $status, string $message): self
    {
        return match ($status) {
            self::TOKEN_MALFORMED => new TokenMalformedException($message, $status),
            self::TOKEN_ALGORITHM => new TokenAlgorithmException($message, $status),
            self::TOKEN_SIGNATURE => new TokenSignatureException($message, $status),
            self::TOKEN_EXPIRED => new TokenExpiredException($message, $status),
            self::TOKEN_NOT_YET_VALID => new TokenNotYetValidException($message, $status),
            default => new self($message, $status),
        };
    }
}
