<?php

declare(strict_types=1);

namespace Captoken;

/** The token was signed with another secret, or changed later. The code is TOKEN_SIGNATURE. */
final class TokenSignatureException extends CaptokenException implements InvalidTokenException
{
}
