<?php

declare(strict_types=1);

namespace Captoken\Tests;

/**
 * The settings of every PHP and php-fpm that the tests start, and of PHPUnit's own process.
 *
 * They are private: on the machine, php.ini may contain any setting, and conf.d a link to
 * captoken.ini, which loads an installed library.
 */
final class Ini
{
    /** Names the private folder to PHPUnit's own process. */
    private const VARIABLE = 'CAPTOKEN_TESTS_INI';

    /** The extensions that PHPUnit, Composer and the tests use. */
    private const EXTENSIONS = [
        'ctype', 'dom', 'ffi', 'iconv', 'mbstring', 'pcntl', 'phar', 'posix', 'tokenizer', 'xml', 'xmlwriter',
        'zip',
    ];

    /** Settings of php.ini-production, which distributions use, if a test depends on them. */
    private const SETTINGS = "display_errors=0\nlog_errors=1\noutput_buffering=4096\n";

    /**
     * Restarts PHPUnit's process with the private settings.
     *
     * Without the extension pcntl, only the processes that the tests start have them.
     */
    public static function isolate(): void
    {
        $folder = getenv(self::VARIABLE);
        if ($folder !== false) {
            TempFolder::adopt($folder);
            return;
        }
        $folder = TempFolder::make();
        mkdir("$folder/conf.d");
        file_put_contents("$folder/php.ini", 'extension_dir="' . ini_get('extension_dir') . "\"\n" . self::SETTINGS);
        file_put_contents("$folder/conf.d/extensions.ini", self::extensions());
        $environment = [
            self::VARIABLE => $folder,
            'PHPRC' => $folder,
            'PHP_INI_SCAN_DIR' => "$folder/conf.d",
        ];
        if (function_exists('pcntl_exec')) {
            [, $arguments] = explode("\0", file_get_contents('/proc/self/cmdline'), 2);
            pcntl_exec(PHP_BINARY, explode("\0", substr($arguments, 0, -1)), $environment + Process::environment());
        }
        fwrite(STDERR, "PHPUnit's own process keeps the settings of this machine: this PHP lacks pcntl.\n");
        foreach ($environment as $name => $value) {
            putenv("$name=$value");
        }
    }

    /**
     * Returns the environment of a PHP that also reads the settings in a folder.
     *
     * @return array<string, string>
     */
    public static function with(string $folder): array
    {
        return ['PHP_INI_SCAN_DIR' => getenv('PHP_INI_SCAN_DIR') . ":$folder"];
    }

    /**
     * Returns the environment of a process in which isolate() has no effect yet.
     *
     * @return array<string, string>
     */
    public static function outside(): array
    {
        return array_diff_key(Process::environment(), [self::VARIABLE => '']);
    }

    /** Returns the lines that load the extensions, except those that PHP contains. */
    private static function extensions(): string
    {
        $contained = Process::run([PHP_BINARY, '-n', '-m'], Process::environment())->out;
        $lines = '';
        foreach (['Zend OPcache' => 'opcache'] + array_combine(self::EXTENSIONS, self::EXTENSIONS) as $name => $file) {
            $isFile = is_file(ini_get('extension_dir') . "/$file.so");
            if ($isFile && preg_match("/^$name$/mi", $contained) === 0) {
                $lines .= ($file === 'opcache' ? 'zend_extension' : 'extension') . "=$file\n";
            }
        }
        return $lines;
    }
}
