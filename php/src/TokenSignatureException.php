<?php

declare(strict_types=1);

namespace Captoken;

/**
 * The signature does not match: another secret, or a changed token.
 *
 * The code is TOKEN_SIGNATURE.
 */
final class TokenSignatureException extends CaptokenException implements InvalidTokenException
{
}
