<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** A value that calls a function when it is encoded as JSON. */
final class Serialised implements \JsonSerializable
{
    /** @param \Closure(): mixed $value */
    public function __construct(private readonly \Closure $value)
    {
    }

    public function jsonSerialize(): mixed
    {
        return ($this->value)();
    }
}
