<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** Folders that are removed when the tests end. */
final class TempFolder
{
    /**
     * Makes a folder that every user can enter.
     *
     * It is in /tmp: TMPDIR may be closed to the user of php-fpm, or too long for the name of
     * a socket.
     */
    public static function make(): string
    {
        $folder = '/tmp/captoken-' . bin2hex(random_bytes(6));
        mkdir($folder);
        chmod($folder, 0755);
        self::adopt($folder);
        return $folder;
    }

    /** Removes a folder when the tests end. */
    public static function adopt(string $folder): void
    {
        $creator = getmypid();
        register_shutdown_function(static function () use ($folder, $creator): void {
            // A forked child must not remove the files of its parent.
            if (getmypid() === $creator) {
                self::remove($folder);
            }
        });
    }

    /** Makes a file that every user can read, in a new folder. */
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
