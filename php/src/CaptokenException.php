<?php

declare(strict_types=1);

namespace Captoken;

/**
 * The library refused a call.
 *
 * The code is a status of captoken.h or LIBRARY_NOT_LOADED. The numbers never change. No
 * method throws the statuses marked "C only".
 *
 * For an invalid token, Capability::verify() throws one of the subclasses:
 * TokenMalformedException, TokenAlgorithmException, TokenSignatureException,
 * TokenExpiredException or TokenNotYetValidException. Each is an InvalidTokenException.
 */
class CaptokenException extends \RuntimeException
{
    /** The C library is missing, cannot be loaded, or has another major version. */
    public const LIBRARY_NOT_LOADED = -1;

    /** A required argument is null. */
    public const NULL_ARGUMENT = 1;

    /** A required string is empty. */
    public const EMPTY_ARGUMENT = 2;

    /** A string is not valid UTF-8. */
    public const INVALID_UTF8 = 3;

    /** The time to live is below 1 or above 86400 seconds. */
    public const INVALID_TTL = 4;

    /** A time is negative, or the time or the expiry is above 2**53 - 1. */
    public const INVALID_TIME = 5;

    /** C only: the buffer cannot hold the result. */
    public const BUFFER_TOO_SMALL = 6;

    /** An account SID or auth token is null and none is configured. */
    public const NO_CREDENTIALS = 7;

    /** The constructor was not called. */
    public const INVALID_HANDLE = 8;

    /** C only: a parameter or filter was added before its permission. */
    public const MISSING_SCOPE = 9;

    /** The client name is not 1 to 256 ASCII letters, digits and underscores. */
    public const INVALID_CLIENT_NAME = 10;

    /** The library writes a claim or grant of this name itself. */
    public const RESERVED_NAME = 11;

    /** C only: the value is not JSON, or the grant is not a JSON object. */
    public const INVALID_JSON = 12;

    /** The call does not apply to this kind of token. */
    public const UNSUPPORTED = 13;

    /** Memory allocation failed. */
    public const OUT_OF_MEMORY = 14;

    /** A bug in the library. */
    public const INTERNAL = 15;

    /** The token is not a signed JSON Web Token, or has no valid expiry. */
    public const TOKEN_MALFORMED = 16;

    /** The token is not signed with HS256. */
    public const TOKEN_ALGORITHM = 17;

    /** The signature does not match: another secret, or a changed token. */
    public const TOKEN_SIGNATURE = 18;

    /** The token has expired. */
    public const TOKEN_EXPIRED = 19;

    /** The token is not valid yet. */
    public const TOKEN_NOT_YET_VALID = 20;

    /** C only: the request is not a JSON object as cap_mint() documents it. */
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
