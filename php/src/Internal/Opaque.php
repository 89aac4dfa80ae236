<?php

declare(strict_types=1);

namespace Captoken\Internal;

/**
 * Keeps an object that has a secret from being shown or serialised.
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

    /** For var_dump() and print_r(), which show nothing. */
    public function __debugInfo(): array
    {
        return [];
    }
}
