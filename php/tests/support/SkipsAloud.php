<?php

declare(strict_types=1);

namespace Captoken\Tests;

trait SkipsAloud
{
    /** Skips a test and prints the reason. PHPUnit prints it only with --verbose. */
    private static function skipAloud(string $reason): never
    {
        fwrite(STDERR, "\nskipped: $reason\n");
        self::markTestSkipped($reason);
    }
}
