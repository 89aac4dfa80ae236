<?php

declare(strict_types=1);

namespace Captoken\Internal;

/**
 * Hides an object that has a secret from dumps, and refuses to serialise it.
 *
 * @internal
 */
trait Opaque
{
    public function __serialize(): array
    {
        throw new \LogicException(self::class . ' cannot be serialised');
    }

    public function __unserialize(array $data): void
    {
        throw new \LogicException(self::class . ' cannot be unserialised');
    }

    /** Hides the properties from var_dump() and print_r(). */
    public function __debugInfo(): array
    {
        return [];
    }
}
