<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

/**
 * The php-fpm to ask.
 *
 * @internal
 */
final class PhpFpm
{
    /** Looks for the php-fpm of this PHP's version where distributions put it. */
    public static function find(): ?string
    {
        $version = PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        $folders = explode(PATH_SEPARATOR, (string) getenv('PATH'));
        foreach (["php-fpm$version", 'php-fpm'] as $name) {
            foreach ([...$folders, '/usr/sbin', '/usr/local/sbin', dirname(PHP_BINDIR) . '/sbin'] as $folder) {
                $program = "$folder/$name";
                // Silently, because open_basedir may forbid the question.
                if (@is_file($program) && @is_executable($program)) {
                    // Without settings, because wrong ones prevent even this answer.
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
     * Asks for the settings: php-fpm preloads first, and says why that failed.
     *
     * @param list<string> $options
     */
    public static function information(string $program, array $options): Process
    {
        // Printed, whatever php.ini does with messages.
        $print = ['-d', 'error_log=', '-d', 'log_errors=1', '-d', 'display_startup_errors=1'];
        return Process::run([$program, ...$options, ...$print, '-i']);
    }
}
