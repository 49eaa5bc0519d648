/*
 * Rules beside the built-in scanner, for content that no model file of any format may contain. They are few and
 * narrow on purpose: weights look like noise, in which short patterns occur by chance.
 */

rule eicar_test_file
{
  meta:
    description = "EICAR antivirus test file (harmless)"
  strings:
    $text = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
  condition:
    $text
}

rule windows_program
{
  meta:
    description = "Windows executable, alone or embedded in another file"
  strings:
    $stub = "This program cannot be run in DOS mode"
    $header = { 50 45 00 00 ( 64 86 | 4C 01 | 64 AA ) }
  condition:
    all of them
}

rule reverse_shell
{
  meta:
    description = "Reverse shell one-liner"
  strings:
    $bash = /bash -i >& \/dev\/tcp\/[0-9a-zA-Z._-]{3,}\/[0-9]{2,5}/
    $netcat = /nc(at)? (-[a-z]+ )*[0-9.]{7,15} [0-9]{2,5} -e \/bin\/(ba)?sh/
    $python = /socket\.socket\([^)]{0,60}\)[^\n]{0,120}os\.dup2\(/
  condition:
    any of them
}

rule download_and_run
{
  meta:
    description = "One-liner that downloads and runs a program"
  strings:
    $shell = /(curl|wget) [^\n|;]{4,200}\|\s?(ba|z)?sh\b/
    $powershell = /powershell(\.exe)? [^\n]{0,80}-e(nc|ncodedcommand)? [A-Za-z0-9+\/=]{40,}/ nocase
  condition:
    any of them
}

rule pickle_runs_a_command
{
  meta:
    description = "Pickle opcodes that call the operating system"
  strings:
    $global = /c(os|posix|nt|subprocess|builtins|__builtin__|runpy|webbrowser)\n(system|popen|Popen|call|check_output|exec|eval|run_path|open)\n/
    $stack = /\x8c.(os|posix|nt|subprocess|builtins)\x94\x8c.(system|popen|Popen|call|check_output|exec|eval)\x94\x93/
  condition:
    any of them
}
