<?php

declare(strict_types=1);

namespace Captoken;

/** The token is not signed with HS256. The code is TOKEN_ALGORITHM. */
final class TokenAlgorithmException extends CaptokenException implements InvalidTokenException
{
}
