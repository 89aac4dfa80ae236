<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

/**
 * The program bin/captoken-doctor: reads its arguments and runs the checks.
 *
 * @internal
 */
final class Command
{
    private const USAGE = <<<'END'
        usage: captoken-doctor [--fpm=PROGRAM] [--pool=NAME] [-- OPTIONS OF PHP-FPM]
               captoken-doctor --web

        Checks whether this PHP, and php-fpm of the same version, can use captoken. Names
        each wrong setting and what to write instead.

          --fpm=PROGRAM  the php-fpm to check, if it is not in a usual folder
          --pool=NAME    checks only this pool of php-fpm
          --             passes the rest to php-fpm, as in: -- -c /etc/php.ini
          --web          checks another web server, not php-fpm, by the settings of this
                         command, as in:
                         PHP_INI_SCAN_DIR=/etc/php/8.2/apache2/conf.d captoken-doctor --web

        Exit status: 0 all is well, 1 something is wrong, 2 wrong usage.

        END;

    /**
     * @param list<string> $arguments
     * @return int the exit status
     */
    public static function main(array $arguments): int
    {
        $fpm = null;
        $pool = null;
        $web = false;
        $options = [];
        while ($arguments !== []) {
            $argument = array_shift($arguments);
            if ($argument === '--help' || $argument === '-h') {
                echo self::USAGE;
                return 0;
            } elseif ($argument === '--web') {
                $web = true;
            } elseif (str_starts_with($argument, '--fpm=')) {
                $fpm = substr($argument, strlen('--fpm='));
            } elseif (str_starts_with($argument, '--pool=')) {
                $pool = substr($argument, strlen('--pool='));
            } elseif ($argument === '--') {
                $options = $arguments;
                $arguments = [];
            } else {
                fwrite(STDERR, "captoken-doctor: unknown argument: $argument\n\n" . self::USAGE);
                return 2;
            }
        }

        if (!function_exists('proc_open') || !function_exists('getenv')) {
            fwrite(STDERR, 'captoken-doctor: php.ini disables proc_open() or getenv():'
                . " remove it from disable_functions\n");
            return 1;
        }
        return self::examine($web ? null : $fpm ?? PhpFpm::find(), $options, $pool);
    }

    /**
     * @param ?string $fpm null: a web server with the settings of this process
     * @param list<string> $options of php-fpm
     * @param ?string $pool the name of the only pool to check, or null
     * @return int the exit status
     */
    private static function examine(?string $fpm, array $options, ?string $pool): int
    {
        $report = new Report();
        $checks = new Checks(dirname(__DIR__, 3), $report);
        $report->title('PHP ' . PHP_VERSION . ' on the command line (' . PHP_BINARY . ')');
        $checks->commandLine();
        if ($fpm === null) {
            $report->title('A web server with the settings of this command');
            $checks->webServer();
        } else {
            $report->title("php-fpm ($fpm)");
            $checks->phpFpm($fpm, $options, $pool);
        }
        echo $report->isWell()
            ? "\nAll is well. Restart a server that was started before its settings were written.\n"
                . "Start `php -S` with -d ffi.enable=1.\n"
            : "\nSomething is wrong. Restart the server after a change.\n";
        return $report->isWell() ? 0 : 1;
    }
}
