<?php

declare(strict_types=1);

namespace Captoken;

/** The token contains a NUL byte, so that it cannot be given to the library. */
final class TokenNulException extends \InvalidArgumentException implements InvalidTokenException
{
}
