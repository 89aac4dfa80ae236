<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** Records how the files of folders change, by Linux's inotify. */
final class Watch
{
    public const WRITTEN = 'written';
    public const RENAMED = 'renamed to it';
    public const CREATED = 'created';
    public const REMOVED = 'removed';

    private const EVENTS = [
        0x2 => self::WRITTEN,
        0x80 => self::RENAMED,
        0x100 => self::CREATED,
        0x200 => self::REMOVED,
    ];
    private const NONBLOCK = 0x800;

    private \FFI $c;
    private int $descriptor;

    public function __construct(string ...$folders)
    {
        $this->c = \FFI::cdef(<<<'END'
            int inotify_init1(int flags);
            int inotify_add_watch(int descriptor, const char *path, uint32_t mask);
            ssize_t read(int descriptor, void *buffer, size_t size);
            END);
        $this->descriptor = $this->c->inotify_init1(self::NONBLOCK);
        foreach ($folders as $folder) {
            $mask = array_sum(array_keys(self::EVENTS));
            if ($this->c->inotify_add_watch($this->descriptor, $folder, $mask) < 0) {
                throw new \RuntimeException("inotify cannot watch $folder");
            }
        }
    }

    /**
     * Returns the changes so far, in the order of the first of each file.
     *
     * @return array<string, list<string>> by the names of the files
     */
    public function events(): array
    {
        $events = [];
        $buffer = $this->c->new('char[65536]');
        while (($size = $this->c->read($this->descriptor, $buffer, 65536)) > 0) {
            $bytes = \FFI::string($buffer, $size);
            // struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len].
            for ($at = 0; $at < $size; $at += 16 + $event['length']) {
                $event = unpack('lfolder/Vmask/Vcookie/Vlength', $bytes, $at);
                $name = rtrim(substr($bytes, $at + 16, $event['length']), "\0");
                foreach (self::EVENTS as $bit => $change) {
                    if (($event['mask'] & $bit) !== 0) {
                        $events[$name][] = $change;
                    }
                }
            }
        }
        return $events;
    }
}
