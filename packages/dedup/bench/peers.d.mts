export declare const requirements: string;
export declare function environment(): string;
export declare function interpreterOf(folder: string): string;
export declare function findPython(): string | null;
