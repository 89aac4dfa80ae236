<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\CaptokenException;

trait AssertsFailures
{
    /** @param \Closure(): mixed $call */
    private static function assertFails(int $code, string $message, \Closure $call): void
    {
        try {
            $call();
        } catch (CaptokenException $e) {
            self::assertSame([$code, $message], [$e->getCode(), $e->getMessage()]);
            return;
        }
        self::fail("no failure: $message");
    }
}
