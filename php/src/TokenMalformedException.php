<?php

declare(strict_types=1);

namespace Captoken;

/**
 * The token is not a signed token, or lacks a readable expiry. The code is TOKEN_MALFORMED,
 * or INVALID_UTF8 if it is not even text.
 */
final class TokenMalformedException extends CaptokenException implements InvalidTokenException
{
}
