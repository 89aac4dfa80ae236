<?php

declare(strict_types=1);

namespace Captoken;

/**
 * Capability::verify() throws this for a token that is not valid: a server answers all of
 * these in the same way. Each is a CaptokenException, too.
 */
interface InvalidTokenException extends \Throwable
{
}
