<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** Builds tests/c/fake.c as a shared library. */
final class FakeLibrary
{
    /** Returns the file of a new library; fake.c lists the options. */
    public static function build(string ...$options): string
    {
        $file = TempFolder::make() . '/libfake.so';
        $source = Package::ROOT . '/tests/c/fake.c';
        $done = Process::run(
            ['cc', '-std=c11', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror', '-shared', '-fPIC',
                '-I', Package::ROOT . '/include', ...$options, '-o', $file, $source],
            Process::environment(),
        );
        if ($done->status !== 0) {
            throw new \RuntimeException("cc failed:\n$done->err");
        }
        return $file;
    }
}
