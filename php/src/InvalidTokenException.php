<?php

declare(strict_types=1);

namespace Captoken;

/**
 * Marks the exceptions that Capability::verify() throws for an invalid token.
 *
 * A server can answer all of them in the same way. Each is a CaptokenException, too.
 */
interface InvalidTokenException extends \Throwable
{
}
