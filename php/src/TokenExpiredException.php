<?php

declare(strict_types=1);

namespace Captoken;

/** The token has expired. The code is TOKEN_EXPIRED. */
final class TokenExpiredException extends CaptokenException implements InvalidTokenException
{
}
