<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** Compiles stand-ins for the library from stub.c. */
final class Stub
{
    /** Returns the file of a new library; stub.c lists the options. */
    public static function compile(string ...$options): string
    {
        $file = TempFolder::make() . '/libstub.so';
        $done = Process::run(
            ['cc', '-shared', '-fPIC', '-Wall', '-Wextra', '-Werror', '-I', Package::ROOT . '/include',
                ...$options, '-o', $file, __DIR__ . '/stub.c'],
            Process::environment(),
        );
        if ($done->status !== 0) {
            throw new \RuntimeException("cc failed:\n$done->err");
        }
        return $file;
    }
}
