<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

/**
 * Finds php-fpm and asks it for its settings.
 *
 * @internal
 */
final class PhpFpm
{
    /** Finds the php-fpm of this PHP's version in the folders that distributions use. */
    public static function find(): ?string
    {
        $version = PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        $folders = explode(PATH_SEPARATOR, (string) getenv('PATH'));
        foreach (["php-fpm$version", 'php-fpm'] as $name) {
            foreach ([...$folders, '/usr/sbin', '/usr/local/sbin', dirname(PHP_BINDIR) . '/sbin'] as $folder) {
                $program = "$folder/$name";
                // Silently, because open_basedir may forbid these checks.
                if (@is_file($program) && @is_executable($program)) {
                    // Without php.ini: wrong settings would prevent even this answer.
                    $answer = Process::run([$program, '-n', '-v'])->output;
                    if (str_starts_with($answer, "PHP $version.")) {
                        return $program;
                    }
                }
            }
        }
        return null;
    }

    /**
     * Asks php-fpm for its settings. It preloads first, and reports why that fails.
     *
     * @param list<string> $options
     */
    public static function information(string $program, array $options): Process
    {
        // Prints messages even if php.ini sends them to a log.
        $print = ['-d', 'error_log=', '-d', 'log_errors=1', '-d', 'display_startup_errors=1'];
        return Process::run([$program, ...$options, ...$print, '-i']);
    }

    /**
     * Asks php-fpm for the configuration of its pools. It does not preload first.
     *
     * @param list<string> $options
     */
    public static function configuration(string $program, array $options): Process
    {
        return Process::run([$program, ...$options, '-d', 'opcache.preload=', '-d', 'ffi.preload=', '-tt']);
    }
}
