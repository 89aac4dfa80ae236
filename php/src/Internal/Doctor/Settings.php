<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

/**
 * The settings of one PHP for captoken, and the files that they come from.
 *
 * @internal
 */
final class Settings
{
    private const NAMES = [
        'ffi.enable',
        'ffi.preload',
        'opcache.enable',
        'opcache.preload',
        'opcache.preload_user',
    ];

    /**
     * @param array<string, string|false> $values by name; false if no loaded extension
     *     has the setting
     * @param string $iniFile php.ini, or ''
     * @param list<string> $scannedFiles the other files
     * @param string $scannedFolder the folder of those, or '' if it is unknown
     */
    private function __construct(
        public readonly array $values,
        public readonly string $iniFile,
        public readonly array $scannedFiles,
        public readonly string $scannedFolder,
    ) {
    }

    public static function ofThisProcess(): self
    {
        $values = [];
        foreach (self::NAMES as $name) {
            $values[$name] = ini_get($name);
        }
        // The user of --web names the folder of the web server in this variable.
        $folder = (string) getenv('PHP_INI_SCAN_DIR');
        $files = self::files((string) php_ini_scanned_files());
        return new self($values, (string) php_ini_loaded_file(), $files, $folder);
    }

    /** @param string $information the output of `php-fpm -i` */
    public static function ofPhpFpm(string $information): self
    {
        $values = [];
        foreach (self::NAMES as $name) {
            $line = '/^' . preg_quote($name, '/') . ' => .* => (?:no value|(.*))$/m';
            $values[$name] = preg_match($line, $information, $found) === 1 ? $found[1] ?? '' : false;
        }
        $field = static function (string $name) use ($information): string {
            preg_match("/^$name => (.*?)$(?!\n\/)/ms", $information, $found);
            return ($found[1] ?? '(none)') === '(none)' ? '' : $found[1];
        };
        return new self(
            $values,
            $field('Loaded Configuration File'),
            self::files($field('Additional \.ini files parsed')),
            $field('Scan this dir for additional \.ini files'),
        );
    }

    /** Returns these settings with another ffi.enable, or the same if that is null. */
    public function withFfiEnable(?string $value): self
    {
        $values = $value === null ? $this->values : ['ffi.enable' => $value] + $this->values;
        return new self($values, $this->iniFile, $this->scannedFiles, $this->scannedFolder);
    }

    /** Returns ffi.enable as 'on', 'off' or 'preload'; null if FFI is not loaded. */
    public function ffiEnable(): ?string
    {
        $value = $this->values['ffi.enable'];
        return match (true) {
            $value === false => null,
            strtolower($value) === 'preload' => 'preload',
            filter_var($value, FILTER_VALIDATE_BOOL) => 'on',
            default => 'off',
        };
    }

    /**
     * Splits a list that PHP prints with commas and line breaks.
     *
     * @return list<string>
     */
    private static function files(string $list): array
    {
        return preg_split('/,?\s*\n|,\s*$/', trim($list), -1, PREG_SPLIT_NO_EMPTY);
    }
}
