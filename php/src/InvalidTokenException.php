<?php

declare(strict_types=1);

namespace Captoken;

/**
 * What Capability::verify() throws for a token that is not valid, whatever is wrong with
 * it: the answer of a server to all of these is the same.
 *
 * Most of them are CaptokenExceptions as well; TokenNulException is none.
 */
interface InvalidTokenException extends \Throwable
{
}
