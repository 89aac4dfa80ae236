<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** A source tree of another version, whose library is built and a fake. */
final class Build
{
    /** A function that only fakes have: its declaration in PHP's header, and its definition. */
    private const DECLARATION = "\nint cap_one_more(void);\n";
    private const DEFINITION = "int cap_one_more(void);\nint cap_one_more(void) { return 1; }\n";

    private function __construct(private readonly string $folder)
    {
    }

    /** Returns a tree whose header and library have one more function; fake.c lists the options. */
    public static function fake(string $version, string ...$options): self
    {
        $folder = TempFolder::make();
        $copy = 'tar -c Makefile Cargo.toml scripts php/autoload.php php/preload.php php/composer.json php/bin'
            . ' php/captoken.* php/examples php/src | tar -x -C "$0"';
        $done = Process::run(['sh', '-c', $copy, $folder], Process::environment(), Package::ROOT);
        if ($done->status !== 0) {
            throw new \RuntimeException($done->err);
        }
        $manifest = file_get_contents("$folder/Cargo.toml");
        $manifest = preg_replace('/^version = ".*"$/m', "version = \"$version\"", $manifest);
        file_put_contents("$folder/Cargo.toml", $manifest);
        file_put_contents("$folder/php/captoken.ffi.h", self::DECLARATION, FILE_APPEND);

        mkdir("$folder/target/release", 0777, true);
        $more = TempFolder::file(self::DEFINITION, 'more.c');
        copy(
            FakeLibrary::build("-DVERSION=\"$version\"", ...[...$options, $more]),
            "$folder/target/release/libcaptoken.so",
        );
        // make has nothing to build if these are newer than the sources, and scripts/build.sh knows
        // the result.
        touch("$folder/target/release/libcaptoken.a");
        $result = stat("$folder/target/release/libcaptoken.so");
        file_put_contents("$folder/target/built", "$result[ino] $result[mtime] $result[size]\n");
        touch("$folder/target/packed");
        return new self($folder);
    }

    /** Returns the repository, with the real library. */
    public static function real(): self
    {
        return new self(Package::ROOT);
    }

    /** Returns the file name of the library in a package that this installs. */
    public function library(): string
    {
        preg_match('/^version = "(.*)"$/m', file_get_contents("$this->folder/Cargo.toml"), $found);
        $target = $this->folder === Package::ROOT ? getenv('CARGO_TARGET_DIR') ?: 'target' : 'target';
        $library = ($target[0] === '/' ? $target : "$this->folder/$target") . '/release/libcaptoken.so';
        return "libcaptoken-$found[1]-" . substr(hash_file('sha256', $library), 0, 8) . '.so';
    }

    /**
     * Runs make install-php, and returns the folder of the package.
     *
     * Without cargo, which root often lacks: it installs the existing build.
     */
    public function install(string $prefix): string
    {
        $done = Process::run(
            ['make', '--silent', '--no-print-directory', 'install-php', "PREFIX=$prefix", 'CARGO=no-cargo-here'],
            ($this->folder === Package::ROOT ? [] : ['CARGO_TARGET_DIR' => 'target']) + Process::environment(),
            $this->folder,
        );
        if ($done->status !== 0) {
            throw new \RuntimeException("make failed:\n$done->out$done->err");
        }
        return "$prefix/share/php/captoken";
    }
}
