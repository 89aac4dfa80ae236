<?php

declare(strict_types=1);

namespace Captoken;

/**
 * What bin/captoken-doctor does: it looks at everything that lets PHP use the library,
 * says what is wrong, and what to write.
 *
 * @internal
 */
final class Doctor
{
    private const USAGE = <<<'END'
        usage: captoken-doctor [--fpm=PROGRAM] [-- OPTIONS OF PHP-FPM]
               captoken-doctor --web

        Says whether this PHP, and php-fpm of the same version, can use captoken; and if
        not, which setting is wrong and what to write.

          --fpm=PROGRAM  the php-fpm to ask, where it is not found by itself
          --             what follows is given to php-fpm, as in: -- -c /etc/php.ini
          --web          no php-fpm: say what a web server would do with the settings of
                         this command, as in:
                         PHP_INI_SCAN_DIR=/etc/php/8.2/apache2/conf.d captoken-doctor --web

        Exit status: 0 all is well, 1 something is wrong, 2 the command line is.

        END;

    /** The settings that decide. */
    private const SETTINGS = [
        'ffi.enable',
        'ffi.preload',
        'opcache.enable',
        'opcache.preload',
        'opcache.preload_user',
    ];

    /** Run in a PHP that has preloaded what php-fpm would: is the package among it? */
    private const PROBE = <<<'END'
        if (!class_exists('Captoken\Capability', false)) {
            exit(3);
        }
        try {
            $version = Captoken\Library::version();
            $origin = Captoken\Library::origin();
            echo "\nversion $version, from $origin";
        } catch (Captoken\CaptokenException $e) {
            echo $e->getMessage(), "\n";
            exit(4);
        }
        END;

    private const TO_WRITE = 'To write: ';

    private bool $well = true;

    private function __construct(private readonly string $package)
    {
    }

    /**
     * @param list<string> $arguments
     * @return int the exit status
     */
    public static function main(array $arguments): int
    {
        $fpm = null;
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
            } elseif ($argument === '--') {
                $options = $arguments;
                $arguments = [];
            } else {
                fwrite(STDERR, "captoken-doctor: what is $argument?\n\n" . self::USAGE);
                return 2;
            }
        }

        $doctor = new self(dirname(__DIR__));
        $doctor->commandLine();
        $fpm ??= self::findFpm();
        if ($web || $fpm === null) {
            $doctor->title('A web server with the settings of this command');
            $doctor->web();
        } else {
            $doctor->title("php-fpm ($fpm)");
            $doctor->fpm([$fpm, ...$options]);
        }
        echo $doctor->well ? "\nAll is well.\n" : "\nSomething is wrong.\n";
        return $doctor->well ? 0 : 1;
    }

    /** What this very process can do. */
    private function commandLine(): void
    {
        $this->title('PHP ' . PHP_VERSION . ' on the command line (' . PHP_BINARY . ')');
        if (!extension_loaded('ffi')) {
            $this->wrong('the extension FFI is not loaded', 'extension=ffi');
            return;
        }
        $enable = self::ffiEnable(ini_get('ffi.enable'));
        if ($enable === 'off') {
            $this->wrong('ffi.enable is off: nothing may call C', 'ffi.enable=preload');
            return;
        }
        $this->right("ffi.enable is $enable: the command line may call C");
        try {
            $version = Library::version();
        } catch (CaptokenException $e) {
            $this->library($e->getMessage());
            return;
        }
        $this->right("the library is version $version, from " . Library::origin());
        (new Capability('AC123123', 'secret'))->generateToken();
        $this->right('it signs tokens');
    }

    /** A web server other than php-fpm, which cannot be asked itself. */
    private function web(): void
    {
        $settings = [];
        foreach (self::SETTINGS as $name) {
            $settings[$name] = ini_get($name);
        }
        if ($settings['opcache.preload'] !== '' && $settings['opcache.preload_user'] === '') {
            $this->wrong(
                'opcache.preload_user is empty: the web server does not start if root starts it',
                'opcache.preload_user=www-data   ; the user of the workers',
            );
            return;
        }
        $this->server($settings);
    }

    /**
     * php-fpm as it starts: it executes the preloading, and says why that failed.
     *
     * @param list<string> $command
     */
    private function fpm(array $command): void
    {
        if (!is_executable($command[0])) {
            $this->wrong("there is no program $command[0]");
            return;
        }
        [$status, $output] = self::run([...$command, '-i']);
        $messages = self::complaints($output);
        if ($status !== 0 || $messages !== []) {
            if (preg_match("/FFI: Failed pre-loading '(.+)'/", $output, $found) === 1) {
                $messages[] = (string) Library::reason($found[1]);
            }
            $messages = $messages === [] ? explode("\n", trim($output)) : $messages;
            $this->wrong("it does not start:\n  " . implode("\n  ", $messages));
            $this->advise(implode("\n", $messages));
            return;
        }
        $settings = [];
        foreach (self::SETTINGS as $name) {
            $line = '/^' . preg_quote($name, '/') . ' => .* => (?:no value|(.*))$/m';
            $settings[$name] = preg_match($line, $output, $found) === 1 ? $found[1] ?? '' : false;
        }
        if ($settings['opcache.preload'] !== '' && $settings['opcache.preload_user'] === '') {
            $this->right('it starts, for this user; root would have to set opcache.preload_user');
        }
        $this->server($settings);
    }

    /**
     * What PHP in a web server does with these settings; false stands for one that no
     * loaded extension knows.
     *
     * @param array<string, string|false> $settings
     */
    private function server(array $settings): void
    {
        if ($settings['ffi.enable'] === false) {
            $this->wrong('the extension FFI is not loaded', 'extension=ffi');
            return;
        }
        switch (self::ffiEnable($settings['ffi.enable'])) {
            case 'off':
                $this->wrong('ffi.enable is off: nothing may call C', ...$this->iniFile());
                return;
            case 'on':
                $this->right('ffi.enable is on: all PHP code may call C (preload is safer)');
                return;
        }
        if ($settings['opcache.enable'] === false) {
            $this->wrong('opcache is not loaded: PHP cannot preload', 'zend_extension=opcache');
            return;
        }
        if (!filter_var($settings['opcache.enable'], FILTER_VALIDATE_BOOL)) {
            $this->wrong('opcache.enable is off: PHP cannot preload', 'opcache.enable=1');
            return;
        }
        if ($settings['opcache.preload'] === '') {
            $this->wrong(
                'opcache.preload is empty: as ffi.enable is preload, only preloaded classes may call C',
                ...$this->iniFile(),
            );
            return;
        }
        $this->right('ffi.enable is preload: preloaded classes may call C');
        if ($settings['ffi.preload'] === '') {
            $this->right('ffi.preload is empty: each request loads the library anew, which takes time');
            $this->write("ffi.preload=$this->package/captoken.ffi.h");
        }
        $this->preloaded($settings);
    }

    /**
     * Preloads in another process as a web server would, and looks for the package.
     *
     * @param array<string, string> $settings
     */
    private function preloaded(array $settings): void
    {
        $command = [PHP_BINARY, '-d', 'opcache.enable_cli=1'];
        foreach ($settings as $name => $value) {
            array_push($command, '-d', "$name=\"$value\"");
        }
        [$status, $output] = self::run([...$command, '-r', self::PROBE]);
        $preload = $settings['opcache.preload'];
        if ($status === 0) {
            // Before the last line, PHP may say that only root changes the user.
            $library = substr($output, (int) strrpos($output, "\n") + 1);
            $this->right("$preload preloads the package; the library is $library");
        } elseif ($status === 3 && self::complaints($output) === []) {
            $this->wrong(
                "$preload does not preload the package",
                "require_once '$this->package/preload.php';   (in that file)",
            );
        } elseif ($status === 4) {
            $this->library($output);
        } else {
            $this->wrong("preloading fails:\n  " . implode("\n  ", self::complaints($output) ?: [$output]));
            $this->advise($output);
        }
    }

    /** Why the library cannot be loaded, and what may help. */
    private function library(string $message): void
    {
        // Its last line is about this program.
        $this->wrong(substr($message, 0, strrpos(rtrim($message), "\n") ?: null));
        $this->advise($message);
    }

    /** What helps where PHP, or the dynamic loader, has said what is wrong. */
    private function advise(string $message): void
    {
        $header = "ffi.preload=$this->package/captoken.ffi.h";
        $library = "$this->package/lib/" . Library::SONAME;
        $build = 'Build it on this system: make && make install-php';
        $advice = [
            '/"opcache.preload_user" has not been defined/' =>
                self::TO_WRITE . 'opcache.preload_user=www-data   ; the user of the workers',
            '/Preloading failed to getpwnam/' =>
                self::TO_WRITE . 'opcache.preload_user=www-data   ; a user that exists: that of the workers',
            '/FFI::load\(\) doesn\'t work in conjunction/' =>
                self::TO_WRITE . "$header   ; and no FFI::load() in the preload script",
            '/failed pre-loading \'.*\', file doesn\'t exist/' =>
                self::TO_WRITE . $header,
            '/FFI Parser/' =>
                self::TO_WRITE . "$header   ; captoken.h is for C alone",
            '/Failed opening required/' =>
                self::TO_WRITE . "opcache.preload=$this->package/preload.php   ; the workers' user must"
                . ' be able to read it',
            '/GLIBC_[0-9.]+\' not found/' =>
                "The library was built for a newer C library than this system has.\n$build",
            '/ld-musl|libc\.musl|ld-linux|Error relocating/' =>
                "The library was built for another C library: glibc and musl do not mix.\n$build",
            '/wrong ELF class|invalid ELF header|file too short/' =>
                "The file is no library, or one for another processor.\n$build",
            '/while this package needs/' =>
                'Package and library are of different versions. Install both: make install-php',
            '/FFI: Failed pre-loading/' =>
                self::TO_WRITE . "#define FFI_LIB \"$library\"   (in the file of ffi.preload)",
            '/cannot open shared object file/' =>
                "The library is not there. Install it: make install-php. If it is somewhere else,\n"
                . 'the environment variable CAPTOKEN_LIB can name it.',
        ];
        foreach ($advice as $pattern => $help) {
            if (preg_match($pattern, $message) === 1) {
                echo '         ', self::indent($help), "\n";
                return;
            }
        }
    }

    /**
     * What to write where nothing is set up yet.
     *
     * @return list<string>
     */
    private function iniFile(): array
    {
        if (!is_file("$this->package/captoken.ini")) {
            return ['what `make install-php` puts into share/php/captoken/captoken.ini'];
        }
        return [
            'ffi.enable=preload',
            "ffi.preload=$this->package/captoken.ffi.h",
            "opcache.preload=$this->package/preload.php",
            'opcache.preload_user=www-data   ; the user of the workers',
            "(These lines are in $this->package/captoken.ini.)",
        ];
    }

    private function title(string $title): void
    {
        echo "\n$title\n";
    }

    private function right(string $finding): void
    {
        echo '  ok     ', self::indent($finding), "\n";
    }

    private function wrong(string $finding, string ...$lines): void
    {
        $this->well = false;
        echo '  WRONG  ', self::indent($finding), "\n";
        $this->write(...$lines);
    }

    private function write(string ...$lines): void
    {
        if ($lines !== []) {
            $indent = "\n" . str_repeat(' ', strlen(self::TO_WRITE));
            echo '         ', self::indent(self::TO_WRITE . implode($indent, $lines)), "\n";
        }
    }

    private static function indent(string $text): string
    {
        return str_replace("\n", "\n         ", $text);
    }

    private static function ffiEnable(string $value): string
    {
        return match (true) {
            strtolower($value) === 'preload' => 'preload',
            filter_var($value, FILTER_VALIDATE_BOOL) => 'on',
            default => 'off',
        };
    }

    /**
     * What PHP says when it does not start, or cannot preload.
     *
     * @return list<string>
     */
    private static function complaints(string $output): array
    {
        preg_match_all('/(?:Fatal Error|Fatal error:|Warning: +FFI:?) +(.*)/', $output, $found);
        return $found[0];
    }

    /** php-fpm of this PHP's version, where distributions put it. */
    private static function findFpm(): ?string
    {
        $version = PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        $folders = explode(PATH_SEPARATOR, (string) getenv('PATH'));
        foreach ([...$folders, '/usr/sbin', '/usr/local/sbin', dirname(PHP_BINDIR) . '/sbin'] as $folder) {
            foreach (["php-fpm$version", 'php-fpm'] as $name) {
                if (is_file("$folder/$name") && is_executable("$folder/$name")) {
                    return "$folder/$name";
                }
            }
        }
        return null;
    }

    /**
     * @param list<string> $command
     * @return array{int, string} the exit status, and what was printed on both streams
     */
    private static function run(array $command): array
    {
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes);
        if ($process === false) {
            return [127, "$command[0]: cannot be run"];
        }
        $output = (string) stream_get_contents($pipes[1]);
        return [proc_close($process), $output];
    }
}
