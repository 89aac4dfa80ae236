<?php

declare(strict_types=1);

namespace Captoken;

/**
 * The token is not a signed JSON Web Token, or has no valid expiry.
 *
 * The code is TOKEN_MALFORMED, or INVALID_UTF8 if the token is not UTF-8.
 */
final class TokenMalformedException extends CaptokenException implements InvalidTokenException
{
}
