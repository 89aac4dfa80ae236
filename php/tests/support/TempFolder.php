<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** Folders that are gone when the tests end. */
final class TempFolder
{
    /**
     * A new folder, which everybody may enter. It is in /tmp and not in TMPDIR, because
     * the latter may be closed to the user of php-fpm, or too long for a socket's name.
     */
    public static function make(): string
    {
        $folder = '/tmp/captoken-' . bin2hex(random_bytes(6));
        mkdir($folder);
        chmod($folder, 0755);
        $creator = getmypid();
        register_shutdown_function(static function () use ($folder, $creator): void {
            // A child that a test has forked must leave its parent's files alone.
            if (getmypid() === $creator) {
                self::remove($folder);
            }
        });
        return $folder;
    }

    /** A new file with this content, which everybody may read, in a folder of its own. */
    public static function file(string $content, string $name = 'program.php'): string
    {
        $file = self::make() . '/' . $name;
        file_put_contents($file, $content);
        chmod($file, 0644);
        return $file;
    }

    private static function remove(string $path): void
    {
        if (is_dir($path) && !is_link($path)) {
            foreach (array_diff(scandir($path), ['.', '..']) as $name) {
                self::remove("$path/$name");
            }
            rmdir($path);
        } else {
            unlink($path);
        }
    }
}
