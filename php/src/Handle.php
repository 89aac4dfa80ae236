<?php

declare(strict_types=1);

namespace Captoken;

/**
 * Owns an object of the C library, and frees it, which wipes the secret. The pointer is
 * NULL until there is one.
 *
 * This is not Capability's own work because a class that extends Capability may replace
 * its methods: whatever happens there, the object is freed once, when nobody has it.
 *
 * @internal
 */
final class Handle
{
    public function __construct(
        public readonly \FFI $library,
        public readonly \FFI\CData $token,
        public readonly bool $isAccess,
    ) {
    }

    public function __destruct()
    {
        // Not there in one that was not constructed: unserialize() can make such.
        if (isset($this->token)) {
            $this->library->cap_token_free($this->token);
        }
    }

    private function __clone()
    {
    }
}
