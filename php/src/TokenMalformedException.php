<?php

declare(strict_types=1);

namespace Captoken;

/** The token is not a signed token, or lacks a readable expiry. The code is TOKEN_MALFORMED. */
final class TokenMalformedException extends CaptokenException
{
}
