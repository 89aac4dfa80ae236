<?php

declare(strict_types=1);

namespace Captoken;

/** The token is not valid yet. The code is TOKEN_NOT_YET_VALID. */
final class TokenNotYetValidException extends CaptokenException implements InvalidTokenException
{
}
