<?php

declare(strict_types=1);

namespace Captoken\Tests;

trait SkipsAloud
{
    /** Skips a test, and says so where PHPUnit keeps the reason to itself unless asked. */
    private static function skipAloud(string $reason): never
    {
        fwrite(STDERR, "\nskipped: $reason\n");
        self::markTestSkipped($reason);
    }
}
